import { readYaml } from "../yaml/read.ts";
import type { Project } from "./model.ts";
import { makeProject } from "./project.ts";

/** Loads definitions.yaml. No code is run. */
export async function loadYaml(file: string, env: (name: string) => string | undefined): Promise<Project> {
  const { value, placeOf } = await readYaml(file);
  return makeProject({ form: "yaml", file, value, placeOf }, env, []);
}
