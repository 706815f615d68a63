import { readYaml } from "../yaml/read.ts";
import { checkDefinitions } from "./check.ts";
import type { Project } from "./model.ts";
import type { RawDefinitions } from "./raw.ts";
import { settle } from "./settle.ts";

/** Loads definitions.yaml. No code is run. */
export async function loadYaml(file: string, env: (name: string) => string | undefined): Promise<Project> {
  const { value, placeOf } = await readYaml(file);
  const raw: RawDefinitions = { form: "yaml", file, value, placeOf };
  return await settle(checkDefinitions(raw), raw, env);
}
