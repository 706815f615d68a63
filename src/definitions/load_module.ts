import { MlforgeError } from "../error.ts";
import { mapStack, thrownPlace } from "./caller.ts";
import { fromModule } from "./from_module.ts";
import type { Feature, Project, TransformFunction } from "./model.ts";
import { identityOf } from "./module/identity.ts";
import { Modules } from "./module/modules.ts";
import { makeProject } from "./project.ts";

/** Loads definitions.ts (.js, .mjs): runs the module, checks what it exports, finds what its functions are made of. */
export async function loadModule(
  file: string,
  env: (name: string) => string | undefined,
): Promise<Project> {
  const modules = new Modules();
  let exported: Record<string, unknown>;
  try {
    exported = await modules.import(file);
  } catch (cause) {
    throw cause instanceof MlforgeError ? cause : thrown("The definitions", file, cause);
  }
  if (!("default" in exported)) {
    throw new MlforgeError("usage", "The module has no default export", {
      place: { file, line: 1, column: 1 },
      hint: "End it with: export default new Definitions({ name, features: [...] })",
    });
  }
  const errors: MlforgeError[] = [];
  const project = makeProject(fromModule(exported["default"], file, errors), env, errors);
  const features = await Promise.all(project.features.map((one) => withIdentity(one, modules)));
  return { ...project, features };
}

async function withIdentity(feature: Feature, modules: Modules): Promise<Feature> {
  const { transform } = feature;
  if (transform.kind !== "function") return feature;
  const { run } = transform;
  const text = await identityOf(run, modules);
  return { ...feature, transform: { kind: "function", run: atItsPlace(feature, run), text } };
}

/** The function, whose errors name the user's own file. */
function atItsPlace(feature: Feature, run: TransformFunction): TransformFunction {
  return async (tables, context) => {
    try {
      return await run(tables, context);
    } catch (cause) {
      throw thrown(`Function of feature "${feature.name}"`, feature.place.file, cause, feature);
    }
  };
}

function thrown(who: string, file: string, cause: unknown, feature?: Feature): MlforgeError {
  const place = thrownPlace(cause) ?? feature?.place ?? { file, line: 1, column: 1 };
  if (cause instanceof Error && cause.stack !== undefined) cause.stack = mapStack(cause.stack);
  const what = cause instanceof Error ? `${cause.name}: ${mapStack(cause.message)}` : String(cause);
  return new MlforgeError(feature === undefined ? "usage" : "failed", `${who} threw ${what}`, {
    place,
    cause,
  });
}
