import { join } from "node:path";
import type { Feature, TransformFunction } from "../definitions/model.ts";
import type { FeatureOptions } from "../engines/duckdb/feature.ts";
import { runGroup } from "../engines/duckdb/group.ts";
import { usualMemory } from "../engines/duckdb/memory.ts";
import type { Session } from "../engines/duckdb/session.ts";
import type { FeatureTask, SourceTask } from "../engines/task.ts";
import type { MlforgeError } from "../error.ts";
import { cacheSettings } from "../fetch/cache_settings.ts";
import { configOf } from "./config_hash.ts";
import { featureTask } from "./tasks.ts";

export interface InEngineOptions {
  /** The columns alone are wanted: nothing reads rows. */
  columnsOnly?: boolean;
  /** In bytes. */
  memory?: number;
  threads?: number;
  /** Called with the folder that `use` may read and write, before its session opens. */
  prepare?(folder: string): Promise<void>;
}

/** Opens a session for one feature, in this thread, and gives it to `use`. What `use` writes in its folder does not stay. */
export async function inEngine<T>(
  { feature, sources, lookups }: { feature: Feature; sources: SourceTask[]; lookups: SourceTask[] },
  { columnsOnly = false, memory, threads, prepare }: InEngineOptions,
  use: (session: Session, task: FeatureTask, options: FeatureOptions) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "mlforge-" });
  try {
    await prepare?.(folder);
    let result: { value: T } | undefined;
    let failure: MlforgeError | undefined;
    await runGroup(
      {
        sources,
        lookups,
        tasks: [featureTask(feature, { configHash: (await configOf(feature)).hash, now: new Date(0) })],
        outFolder: folder,
        cache: cacheSettings(),
        columnsOnly,
        tempFolder: join(folder, "spill"),
        threads: threads ?? navigator.hardwareConcurrency,
        memory: memory ?? usualMemory(),
      },
      {
        functionOf: () => Promise.resolve(functionOf(feature)),
        onSession: () => {},
        onStart: () => {},
        onPhase: () => {},
        onFailed: (_feature, error) => (failure = error),
        use: async (session, task, options) => {
          result = { value: await use(session, task, options) };
        },
      },
    );
    if (failure !== undefined) throw failure;
    if (result === undefined) throw new Error(`Nothing came of ${feature.name}`);
    return result.value;
  } finally {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

function functionOf(feature: Feature): TransformFunction {
  if (feature.transform.kind !== "function") throw new Error(`${feature.name} has no function`);
  return feature.transform.run;
}
