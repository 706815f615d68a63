import { cacheFolder } from "../cache_folder.ts";
import { isFailingFile } from "../engines/duckdb/checks/failing_file.ts";
import type { CheckResult } from "../engines/duckdb/checks/result.ts";
import type { MlforgeError } from "../error.ts";
import { join } from "../path.ts";
import { openPublisher } from "../publish/open.ts";
import type { StoreConfig } from "../stores/config.ts";
import { computeChecked, type Computed } from "./compute_checked.ts";
import { configOf } from "./config_hash.ts";
import { openFingerprints } from "./fingerprint.ts";
import { resolveSources, selectFeatures } from "./plan_features.ts";
import type { BuildRequest } from "./report.ts";

export type CheckDataRequest =
  & Pick<
    BuildRequest,
    "project" | "features" | "tags" | "workers" | "memory" | "timeout" | "signal" | "now" | "onEvent"
  >
  & {
    /** What drift is compared with, and where other features are looked up; without one there is neither. */
    store?: StoreConfig | undefined;
    /** Absolute folder for Parquet files of failing rows, made where there are any. */
    output?: string;
  };

/** What became of one feature's checks. */
export interface CheckedFeature {
  feature: string;
  /** Absent where it failed before they were counted. */
  rows?: number;
  /** Of all checks where every one that has to pass did; else `error` has those that failed. */
  checks: CheckResult[];
  error?: MlforgeError;
}

export interface CheckDataReport extends Pick<Computed, "warnings" | "notes"> {
  features: CheckedFeature[];
  /** Absolute paths of the files that were written. */
  files: string[];
}

/** `mlforge validate --data`: computes features and asks all their checks, and publishes nothing. */
export async function checkData(request: CheckDataRequest): Promise<CheckDataReport> {
  const features = selectFeatures(request);
  const folder = await Deno.makeTempDir({ prefix: "mlforge-" });
  try {
    const store: StoreConfig = request.store ?? { kind: "local", path: join(folder, "store") };
    const publisher = await openPublisher(store, { project: request.project.name });
    const snapshot = await publisher.read();
    const fingerprints = await openFingerprints(cacheFolder((name) => Deno.env.get(name)));
    const sources = await resolveSources(features, { ...request, store }, fingerprints);
    const work = await Promise.all(features.map(async (feature) => ({
      feature,
      config: await configOf(feature),
      sources: feature.sources.flatMap((source) => sources.get(source.name) ?? []),
      lookups: feature.lookups.flatMap((source) => sources.get(source.name) ?? []),
    })));
    const { done, errors, warnings, notes } = await computeChecked(
      work,
      { ...request, store, keepGoing: true, keepFailing: request.output !== undefined },
      { tx: "", folder },
      { snapshot, publisher },
    );
    await fingerprints.save();
    return {
      features: features.map(({ name: feature }): CheckedFeature => {
        const built = done.get(feature)?.built;
        const error = errors.get(feature);
        return {
          feature,
          ...(built === undefined ? {} : { rows: built.rows }),
          checks: built?.checks ?? [],
          ...(error === undefined ? {} : { error }),
        };
      }),
      warnings,
      notes,
      files: request.output === undefined ? [] : await keep(folder, request.output),
    };
  } finally {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

/** Copies files of failing rows to where they were asked for. */
async function keep(from: string, to: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(from)) {
    if (!isFailingFile(name)) continue;
    await Deno.mkdir(to, { recursive: true });
    const file = join(to, name);
    await Deno.copyFile(join(from, name), file);
    files.push(file);
  }
  return files.sort();
}
