import type { Baseline } from "../engines/drift.ts";
import { usualMemory } from "../engines/duckdb/memory.ts";
import { isInterrupt, type MlforgeError } from "../error.ts";
import { lazily } from "../lazy.ts";
import type { Change } from "../publish/change.ts";
import type { Crew } from "../workers/crew.ts";
import type { Done } from "../workers/messages.ts";
import { cacheSettings } from "../fetch/cache_settings.ts";
import { groupsOf } from "./groups.ts";
import type { Planned } from "./plan_features.ts";
import type { BuildRequest } from "./report.ts";

/** What of a request says how to compute. */
export type ComputeRequest =
  & Pick<
    BuildRequest,
    "project" | "store" | "workers" | "memory" | "timeout" | "keepGoing" | "signal" | "now" | "onEvent"
  >
  & {
    /** Failing rows are written beside the data. */
    keepFailing?: boolean;
    /** Workers that were started while something else was waited for. */
    crew?: Crew;
  };

/** A feature with all that computing it needs. */
export interface Computable extends Pick<Planned, "feature" | "config" | "sources" | "lookups"> {
  /** Without one the data is computed and stays in the batch's folder, under no version. */
  change?: Change | undefined;
  /** What its drift checks compare with. */
  baselines?: Record<string, Baseline>;
}

/**
 * Runs the work in the pool, and collects what came out, by feature: each is done or has failed. What came of a source
 * that changed meanwhile has failed. An abort (Ctrl-C) throws its reason.
 */
export async function compute(
  work: readonly Computable[],
  request: ComputeRequest,
  batch: { tx: string; folder: string },
): Promise<{ done: Map<string, Done>; errors: Map<string, MlforgeError> }> {
  const done = new Map<string, Done>();
  const errors = new Map<string, MlforgeError>();
  if (work.length === 0) return { done, errors };
  const tell = request.onEvent ?? (() => {});
  const cpus = navigator.hardwareConcurrency;
  const workers = workersFor(work.length, request.workers);
  const memory = request.memory ?? usualMemory();
  const now = request.now ?? new Date();
  const cache = cacheSettings();
  const groups = groupsOf(work, {
    workers,
    memory,
    cpus,
    folder: batch.folder,
    cache,
    now,
    keepFailing: request.keepFailing === true,
  });
  const changes = Object.fromEntries(
    work.flatMap(({ feature, change }) => change ? [[feature.name, change]] : []),
  );
  const jobs = groups.map((group) => ({
    group,
    tx: batch.tx,
    definitions: request.project.file,
    changes,
  }));
  const { runJobs } = await lazily<typeof import("../workers/pool.ts")>(
    "../workers/pool.ts",
    import.meta.url,
  );
  const starts = new Map<string, number>();
  await runJobs(jobs, {
    workers,
    crew: request.crew ?? await startWorkers(0, request),
    keepGoing: request.keepGoing === true,
    ...(request.timeout === undefined ? {} : { timeout: request.timeout }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    onStarted: (feature) => {
      starts.set(feature, performance.now());
      tell({ kind: "started", feature });
    },
    onFetch: (features, bytes, total) => tell({ kind: "fetching", features, bytes, total }),
    onPhase: (feature, phase, rows) =>
      tell({ kind: "progress", feature, phase, ...(rows === undefined ? {} : { rows }) }),
    onSent: (feature, sent, bytes) => tell({ kind: "progress", feature, phase: "uploading", sent, bytes }),
    onDone: (feature, result) => {
      const now = performance.now();
      const seconds = (now - (starts.get(feature) ?? now)) / 1000;
      done.set(feature, { ...result, seconds });
      const version = result.version ?? "";
      tell({ kind: "built", feature, version, rows: result.built.rows, bytes: result.built.bytes, seconds });
    },
    onFailed: (feature, error) => {
      errors.set(feature, error);
      tell({ kind: "failed", feature, error });
    },
  });
  request.signal?.throwIfAborted();
  const causes = withoutConsequences(errors);
  await refuseChangedSources(work, done, causes);
  return { done, errors: causes };
}

/** Starts workers for so many features, before it is known what these need. */
export async function startWorkers(
  features: number,
  { store, workers }: Pick<ComputeRequest, "store" | "workers">,
): Promise<Crew> {
  const { openCrew } = await lazily<typeof import("../workers/crew.ts")>(
    "../workers/crew.ts",
    import.meta.url,
  );
  return await openCrew(store, workersFor(features, workers));
}

function workersFor(features: number, workers = navigator.hardwareConcurrency): number {
  return Math.min(workers, features);
}

/** Features that were only stopped because another one failed say nothing new beside it. */
function withoutConsequences(errors: Map<string, MlforgeError>): Map<string, MlforgeError> {
  const causes = [...errors].filter(([, error]) => !isInterrupt(error));
  return causes.length === 0 ? errors : new Map(causes);
}

/** A source that changed while it was read makes a mixture: what came of it is not published. */
async function refuseChangedSources(
  work: readonly Computable[],
  done: Map<string, Done>,
  errors: Map<string, MlforgeError>,
): Promise<void> {
  const checks = new Map<string, Promise<MlforgeError | undefined>>();
  for (const { feature, sources, lookups } of work) {
    for (const source of [...sources, ...lookups]) {
      const check = checks.get(source.task.name) ??
        source.assertUnchanged().then(() => undefined, (error: MlforgeError) => error);
      checks.set(source.task.name, check);
      const error = await check;
      if (error !== undefined && done.delete(feature.name)) errors.set(feature.name, error);
    }
  }
}
