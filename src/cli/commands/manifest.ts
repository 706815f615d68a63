import { buildCommand } from "@stricli/core";
import { MlforgeError } from "../../error.ts";
import { resolve } from "../../path.ts";
import { storeManifest } from "../../publish/manifest.ts";
import { stableJson } from "../../publish/meta.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { workplace } from "../project.ts";

interface Flags extends OutputFlags, ProjectFlags {
  output?: string;
}

export const manifest = buildCommand<Flags, [], CliContext>({
  parameters: {
    flags: {
      output: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "file",
        brief: "Write it there, not to stdout",
      },
      ...projectFlags,
      ...outputFlags,
    },
  },
  docs: {
    brief: "Print all published features with their metadata, as one document",
    fullDescription:
      "One JSON document over all published features. It says nothing of this machine or moment: two stores with the\n" +
      "same features give the same bytes.",
    customUsage: ["[flags]", { input: "--output features.json", brief: "into a file" }],
  },
  async func(flags) {
    const text = stableJson(await storeManifest(await (await workplace(this, flags)).publisher()));
    if (flags.output === undefined) return this.out(text);
    try {
      await Deno.writeTextFile(resolve(this.cwd, flags.output), text);
    } catch (cause) {
      throw new MlforgeError("failed", `Can't write the manifest to "${flags.output}"`, {
        hint: "Is its folder there, and may it be written to?",
        cause,
      });
    }
  },
});
