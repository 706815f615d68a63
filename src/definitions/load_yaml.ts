import type { MlforgeError } from "../error.ts";
import { readYaml } from "../yaml/read.ts";
import { checkDefinitions } from "./check.ts";
import { fillPaths } from "./fill_paths.ts";
import type { Project } from "./model.ts";
import { settle } from "./settle.ts";

/** Loads definitions.yaml. No code is run. */
export async function loadYaml(file: string, env: (name: string) => string | undefined): Promise<Project> {
  const { value, placeOf } = await readYaml(file);
  const errors: MlforgeError[] = [];
  const raw = fillPaths({ form: "yaml", file, value, placeOf }, env, errors);
  return await settle(checkDefinitions(raw, errors), raw, env);
}
