import { buildCommand } from "@stricli/core";
import { chooseRetirement } from "../../publish/choose_moves.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { carryOut } from "../moves.ts";
import { workplace } from "../project.ts";

interface Flags extends OutputFlags, ProjectFlags {
  "dry-run"?: boolean;
}

export const retire = buildCommand<Flags, string[], CliContext>({
  parameters: {
    flags: {
      "dry-run": { kind: "boolean", optional: true, withNegated: false, brief: "Say what would be retired" },
      ...projectFlags,
      ...outputFlags,
    },
    positional: {
      kind: "array",
      minimum: 1,
      parameter: { parse: String, placeholder: "FEATURE", brief: "Name of a published feature" },
    },
  },
  docs: {
    brief: "Publish features no more; their data stays",
    fullDescription:
      "Takes features out of lists and pointers, all at one moment. Their versions stay until mlforge gc; a rollback\n" +
      "takes them back. A feature that is still defined is published again by the next build.",
    customUsage: [
      "FEATURE... [flags]",
      { input: "user_spend", brief: "mlforge rollback user_spend --previous takes it back" },
    ],
  },
  async func(flags, ...features) {
    const publisher = await (await workplace(this, flags)).publisher();
    const snapshot = await publisher.read();
    await carryOut(this, { publisher, snapshot }, chooseRetirement(features, snapshot), flags);
  },
});
