import { dirname, join, resolve } from "node:path";
import { buildCommand } from "@stricli/core";
import { MlforgeError } from "../../error.ts";
import { stableJson } from "../../publish/meta.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags } from "../flags.ts";
import { sampleOrders } from "../init/sample.ts";
import {
  DEFINITIONS,
  GITIGNORE,
  MLFORGE_YAML,
  type Template,
  TEMPLATES,
  TSCONFIG,
} from "../init/templates.ts";
import { paint } from "../paint.ts";
import { shortPath } from "../short_path.ts";

interface Flags extends OutputFlags {
  template: Template;
}

export const init = buildCommand<Flags, [string?], CliContext>({
  parameters: {
    flags: {
      template: { kind: "enum", values: TEMPLATES, default: "yaml", brief: "Form of the definitions" },
      ...outputFlags,
    },
    positional: {
      kind: "tuple",
      parameters: [{
        parse: String,
        optional: true,
        placeholder: "DIR",
        brief: "Folder; the working folder by default",
      }],
    },
  },
  docs: {
    brief: "Make a small project that builds at once",
    fullDescription:
      "Writes mlforge.yaml, definitions with two features, and sample data for them; with --template ts also the\n" +
      "types that an editor needs. Files that are there are never written over: then nothing is written.",
    customUsage: [
      "[DIR] [flags]",
      { input: "shop", brief: "definitions in YAML, in ./shop" },
      { input: "shop --template ts", brief: "definitions in TypeScript" },
    ],
  },
  async func(flags, dir = ".") {
    const folder = resolve(this.cwd, dir);
    const definitions = DEFINITIONS[flags.template];
    const files: [string, string][] = [
      ["mlforge.yaml", MLFORGE_YAML],
      [definitions.file, definitions.text],
      [join("data", "orders.csv"), sampleOrders()],
    ];
    if (flags.template === "ts") {
      const { MLFORGE_TYPES } = await import("../init/mlforge_types.ts");
      files.push(["mlforge.d.ts", MLFORGE_TYPES]);
    }
    await refuseExisting(folder, [
      ...files.map(([name]) => name),
      ...Object.values(DEFINITIONS).map((d) => d.file),
    ]);
    // What is there already is the user's, and as good.
    const others: [string, string][] = [
      ...(flags.template === "ts" ? [["tsconfig.json", TSCONFIG] as [string, string]] : []),
      [".gitignore", GITIGNORE],
    ];
    for (const [name, text] of others) if (!await exists(join(folder, name))) files.push([name, text]);
    const written: string[] = [];
    try {
      for (const [name, text] of files) {
        await write(join(folder, name), text);
        written.push(name);
      }
    } catch (cause) {
      // Half a project would stand in the way of the next try.
      for (const name of written) await Deno.remove(join(folder, name)).catch(() => {});
      throw cause;
    }

    if (flags.json) {
      return this.out(stableJson({ folder, files: files.map(([name]) => name.replaceAll("\\", "/")) }));
    }
    if (flags.quiet) return;
    const { bold, dim } = paint(this.colour.stdout);
    const place = shortPath(folder, this.cwd);
    this.out(`${bold("Made a project")} in ${place}: ${files.map(([name]) => name).join(", ")}\n\nNext:\n`);
    const steps: [string, string][] = [
      ...(place === "." ? [] : [[`cd ${place}`, ""] as [string, string]]),
      ["mlforge build", "compute and publish both features"],
      ["mlforge list features", "see what is published"],
      ["mlforge show user_spend --key user_id=7", "look into one"],
    ];
    for (const [command, what] of steps) this.out(`  ${`${command.padEnd(41)}${dim(what)}`.trimEnd()}\n`);
  },
});

async function refuseExisting(folder: string, names: readonly string[]): Promise<void> {
  const there: string[] = [];
  for (const name of new Set(names)) if (await exists(join(folder, name))) there.push(name);
  if (there.length === 0) return;
  throw new MlforgeError(
    "usage",
    `Can't make a project in "${folder}": ${there.join(", ")} ${
      there.length === 1 ? "is" : "are"
    } there already`,
    {
      hint: "Nothing was written. Name another folder: mlforge init DIR.",
    },
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (cause) {
    // What lies below a file is not there; making it will say so.
    if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) return false;
    throw cause;
  }
}

async function write(path: string, text: string): Promise<void> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, text, { createNew: true });
  } catch (cause) {
    throw new MlforgeError("failed", `Can't write "${path}"`, {
      hint: "Is the folder yours to write, and the disk not full?",
      cause,
    });
  }
}
