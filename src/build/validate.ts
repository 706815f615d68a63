import type { Project } from "../definitions/model.ts";
import { MlforgeError } from "../error.ts";
import { lookAtFeature } from "./look.ts";
import { findFiles, type SourcePlace } from "./find_files.ts";

/**
 * Checks definitions against the engine without building: sources are there and readable, SQL reads only them and
 * binds, keys, timestamp and inputs of metrics exist with types that fit. A function's output is known by a run only.
 */
export async function validate(request: { project: Project } & SourcePlace): Promise<MlforgeError[]> {
  const { project } = request;
  const errors: MlforgeError[] = [];
  const attempt = async (step: () => Promise<unknown>) => {
    try {
      await step();
    } catch (cause) {
      if (!(cause instanceof MlforgeError)) throw cause;
      errors.push(cause);
    }
  };
  const missing = new Set<string>();
  for (const source of project.sources) {
    await attempt(() =>
      findFiles(source, request).catch((cause) => {
        missing.add(source.name);
        throw cause;
      })
    );
  }
  for (const feature of project.features) {
    const readable = [...feature.sources, ...feature.lookups].every((source) => !missing.has(source.name));
    if (readable && feature.transform.kind !== "function") {
      await attempt(() => lookAtFeature(request, feature));
    }
  }
  return errors;
}
