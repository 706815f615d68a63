import { join, resolve } from "../path.ts";
import { MlforgeError } from "../error.ts";
import { lazily } from "../lazy.ts";
import type { Project } from "./model.ts";

export interface LoadOptions {
  /** The environment, for `${oc.env:NAME}` in paths of sources and in the store. */
  env: (name: string) => string | undefined;
}

const NAMES = ["definitions.ts", "definitions.js", "definitions.yaml"];

/** The definitions' file in a folder, absolute; undefined where there is none. More than one is an error. */
export async function findDefinitions(folder: string): Promise<string | undefined> {
  const files = NAMES.map((name) => join(resolve(folder), name));
  const there = await Promise.all(files.map(isFile));
  const found = NAMES.filter((_, i) => there[i]);
  if (found.length > 1) {
    throw new MlforgeError("usage", `Folder "${folder}" has ${found.join(" and ")}`, {
      hint: "Keep one of them, or name the one you mean.",
    });
  }
  return found[0] === undefined ? undefined : join(resolve(folder), found[0]);
}

/**
 * Loads and checks definitions, by the file's extension: .ts, .js, .mjs, .yaml or .yml. All that is wrong is thrown
 * at once, each with its place. YAML runs no code; a module is run.
 */
export async function loadProject(file: string, options: LoadOptions): Promise<Project> {
  const path = resolve(file);
  if (!await isFile(path)) {
    throw new MlforgeError("usage", `There are no definitions at "${file}"`, {
      hint: "Give a file: definitions.ts, definitions.js or definitions.yaml.",
    });
  }
  switch (/\.[^./\\]+$/.exec(path)?.[0]) {
    case ".ts":
    case ".js":
    case ".mjs":
      return (await lazily<typeof import("./load_module.ts")>("./load_module.ts", import.meta.url))
        .loadModule(path, options.env);
    case ".yaml":
    case ".yml":
      return (await lazily<typeof import("./load_yaml.ts")>("./load_yaml.ts", import.meta.url)).loadYaml(
        path,
        options.env,
      );
    default:
      throw new MlforgeError("usage", `Can't read "${file}" as definitions`, {
        hint: "Definitions are .ts, .js, .mjs, .yaml or .yml.",
      });
  }
}

async function isFile(path: string): Promise<boolean> {
  return (await Deno.stat(path).catch(() => undefined))?.isFile === true;
}
