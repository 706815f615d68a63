import type { Check } from "../definitions/checks/model.ts";
import type { Feature } from "../definitions/model.ts";
import { failingFile } from "../engines/duckdb/checks/failing_file.ts";
import { MlforgeError } from "../error.ts";
import { lazily } from "../lazy.ts";
import { join } from "../path.ts";
import type { Publisher, Snapshot } from "../publish/publisher.ts";
import type { Done } from "../workers/messages.ts";

type Reference = Check & { kind: "referential"; feature: string };

/**
 * Asks the checks that look into other features, once all are computed: into what this batch makes of them, else into what
 * is published. Adds to the results in `done`; where one fails that has to pass, the feature goes from `done` to `errors`.
 */
export async function checkReferences(
  features: readonly Feature[],
  { done, errors }: { done: Map<string, Done>; errors: Map<string, MlforgeError> },
  { snapshot, publisher, failingFolder }: {
    snapshot: Snapshot;
    publisher: Publisher;
    /** Where failing rows are written to. */
    failingFolder?: string;
  },
): Promise<void> {
  const fileOf = async (name: string) => {
    const version = snapshot.features.get(name)?.version;
    return done.get(name)?.built.file ??
      (version === undefined ? undefined : await publisher.dataPath(name, version));
  };
  for (const feature of features) {
    const checks = feature.checks.filter(looksIntoFeature);
    const result = done.get(feature.name);
    if (checks.length === 0 || result === undefined) continue;
    try {
      const files = new Map<string, string>();
      for (const check of checks) {
        const file = await fileOf(check.feature);
        if (file === undefined) throw nothingThere(check, feature.name);
        files.set(check.feature, file);
      }
      const { checkFile } = await lazily<typeof import("../engines/duckdb/checks/file.ts")>(
        "../engines/duckdb/checks/file.ts",
        import.meta.url,
      );
      const found = await checkFile(result.built.file, checks, {
        feature: feature.name,
        keys: feature.keys,
        time: feature.timestamp?.column,
        hidden: feature.hidden,
        others: files,
        ...(failingFolder === undefined
          ? {}
          : { failingFile: join(failingFolder, failingFile(feature.name, "references")) }),
      });
      result.built.checks.push(...found);
    } catch (error) {
      if (!(error instanceof MlforgeError)) throw error;
      done.delete(feature.name);
      errors.set(feature.name, error);
    }
  }
}

function looksIntoFeature(check: Check): check is Reference {
  return check.kind === "referential" && check.feature !== undefined;
}

function nothingThere(check: Reference, feature: string): MlforgeError {
  return new MlforgeError(
    "failed",
    `Check referential of ${check.column} of feature "${feature}" can't look into "${check.feature}": its data is not here`,
    { place: check.place, hint: `Build ${check.feature} too, or bring its data back with mlforge sync.` },
  );
}
