import { dirname } from "../path.ts";
import { MlforgeError } from "../error.ts";
import type { Environment } from "../profile/interpolate.ts";
import { readStore } from "../profile/store.ts";
import type { StoreConfig } from "../stores/config.ts";
import { checkDefinitions } from "./check.ts";
import { fillPaths } from "./fill_paths.ts";
import type { Project } from "./model.ts";
import type { RawDefinitions } from "./raw.ts";

/** Makes the project of what either loader has read. What is wrong, `errors` of the loader first, is thrown at once. */
export function makeProject(raw: RawDefinitions, env: Environment, errors: MlforgeError[]): Project {
  const filled = fillPaths(raw, env, errors);
  const store = storeOf(raw, env, errors);
  const project = checkDefinitions(filled, errors);
  return store === undefined ? project : { ...project, store };
}

function storeOf(raw: RawDefinitions, env: Environment, errors: MlforgeError[]): StoreConfig | undefined {
  const { value, placeOf } = raw;
  if (typeof value !== "object" || value === null || !("offline_store" in value)) return undefined;
  try {
    return readStore({
      value: value.offline_store,
      placeOf: (path, part) => placeOf(["offline_store", ...path], part),
      folder: dirname(raw.file),
      what: "the definitions",
    }, env);
  } catch (error) {
    if (!(error instanceof MlforgeError)) throw error;
    errors.push(error);
    return undefined;
  }
}
