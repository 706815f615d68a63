import { buildCommand } from "@stricli/core";
import { MlforgeError } from "../../error.ts";
import { stableJson } from "../../publish/meta.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags } from "../flags.ts";

const FILES = ["profile", "definitions", "types"] as const;

function parseFile(text: string): typeof FILES[number] {
  const file = FILES.find((name) => name === text);
  if (file !== undefined) return file;
  throw new MlforgeError("usage", "there is no such schema", { hint: `There are: ${FILES.join(", ")}.` });
}

export const schema = buildCommand<OutputFlags, [typeof FILES[number]?], CliContext>({
  parameters: {
    flags: outputFlags,
    positional: {
      kind: "tuple",
      parameters: [{
        parse: parseFile,
        optional: true,
        placeholder: "FILE",
        brief:
          "profile (mlforge.yaml; the default), definitions (definitions.yaml) or types (definitions.ts)",
        proposeCompletions: (partial) => FILES.filter((name) => name.startsWith(partial)),
      }],
    },
  },
  docs: {
    brief: "Print the JSON Schema of a file that you write",
    fullDescription:
      "Prints a JSON Schema, with which an editor completes and checks mlforge.yaml or definitions.yaml; or, for\n" +
      'definitions.ts, the types of "mlforge".',
    customUsage: [
      "[FILE]",
      {
        input: "profile > mlforge.schema.json",
        brief: "then, in the file: # yaml-language-server: $schema=...",
      },
      { input: "types > mlforge.d.ts", brief: "after an update of mlforge" },
    ],
  },
  async func(_flags, file = "profile") {
    if (file === "types") return this.out((await import("../init/mlforge_types.ts")).MLFORGE_TYPES);
    const made = file === "profile"
      ? await (await import("../../profile/json_schema.ts")).profileJsonSchema()
      : await (await import("../../definitions/json_schema.ts")).definitionsJsonSchema();
    this.out(stableJson(made));
  },
});
