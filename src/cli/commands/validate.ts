import { buildCommand } from "@stricli/core";
import { throwAll } from "../../error.ts";
import { stableJson } from "../../publish/meta.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { workplace } from "../project.ts";
import { shortPath } from "../short_path.ts";

export const validate = buildCommand<OutputFlags & ProjectFlags, [string?], CliContext>({
  parameters: {
    flags: { ...projectFlags, ...outputFlags },
    positional: {
      kind: "tuple",
      parameters: [{
        parse: String,
        optional: true,
        placeholder: "TARGET",
        brief: "Definitions file, or a folder with one",
      }],
    },
  },
  docs: {
    brief: "Check definitions without building",
    fullDescription:
      "Checks mlforge.yaml, the definitions, that sources are there, and that SQL, keys, times and metrics\n" +
      "fit them. Builds and writes nothing. All errors are shown at once.",
    customUsage: ["[TARGET] [flags]", { input: "definitions.yaml", brief: "a file of your choice" }],
  },
  async func(flags, target) {
    const place = await workplace(this, flags, target);
    const project = await place.project();
    const { validate: check } = await import("../../build/validate.ts");
    throwAll(await check({ project, store: place.config.store ?? project.store }));
    const counts = {
      features: project.features.length,
      sources: project.sources.length,
      entities: project.entities.length,
    };
    if (flags.json) return this.out(stableJson({ ...counts, file: shortPath(project.file, this.cwd) }));
    if (flags.quiet) return;
    const said = Object.entries(counts).map(([what, n]) => `${what} ${n}`).join(", ");
    this.out(`${shortPath(project.file, this.cwd)} is right: ${said}\n`);
  },
});
