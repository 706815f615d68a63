import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Feature, Source, TransformFunction } from "../definitions/model.ts";
import { type Prepared, withPrepared } from "../engines/duckdb/feature.ts";
import { runGroup } from "../engines/duckdb/group.ts";
import { type Column, quote } from "../engines/duckdb/types.ts";
import type { MlforgeError } from "../error.ts";
import { cacheSettings } from "./cache_settings.ts";
import { configOf } from "./config_hash.ts";
import type { SourcePlace } from "./find_files.ts";
import { sourceTask } from "./sources.ts";
import { featureTask, withoutChecks } from "./tasks.ts";

/** What looking at a feature without publishing it gives. */
export interface Look {
  columns: Column[];
  /** Values as text, at most `limit` of them. */
  rows: (string | null)[][];
}

/**
 * Runs one feature in the engine without writing anything that stays: with `limit`, on all of its data, for the first
 * rows; without, on no rows, for its columns alone (not for functions, whose columns only a run tells).
 */
export async function lookAtFeature(
  place: SourcePlace,
  feature: Feature,
  limit?: number,
): Promise<Look> {
  // Rows are shown whether they pass or not; without any, it is seen whether checks can be asked.
  const looked = limit === undefined ? feature : withoutChecks(feature);
  const tasksOf = (sources: readonly Source[]) =>
    Promise.all(sources.map((source) => sourceTask(source, place)));
  const folder = await Deno.makeTempDir({ prefix: "mlforge-" });
  try {
    let look: Look | undefined;
    let failure: MlforgeError | undefined;
    await runGroup(
      {
        sources: await tasksOf(looked.sources),
        lookups: await tasksOf(looked.lookups),
        tasks: [featureTask(looked, { configHash: (await configOf(feature)).hash, now: new Date(0) })],
        outFolder: folder,
        cache: cacheSettings(),
        columnsOnly: limit === undefined,
        tempFolder: join(folder, "spill"),
        threads: navigator.hardwareConcurrency,
        memory: Math.floor(Deno.systemMemoryInfo().total * 0.8),
      },
      {
        functionOf: () => Promise.resolve(functionOf(feature)),
        onSession: () => {},
        onStart: () => {},
        onPhase: () => {},
        onFailed: (_feature, error) => (failure = error),
        use: async (session, task, options) => {
          look = await withPrepared(
            session,
            task,
            { ...options, empty: limit === undefined },
            async (prepared) => ({
              columns: prepared.columns,
              rows: limit === undefined ? [] : await firstRows(session.connection, prepared, limit),
            }),
          );
        },
      },
    );
    if (failure !== undefined) throw failure;
    if (look === undefined) throw new Error(`Nothing came of looking at ${feature.name}`);
    return look;
  } finally {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

function functionOf(feature: Feature): TransformFunction {
  if (feature.transform.kind !== "function") throw new Error(`${feature.name} has no function`);
  return feature.transform.run;
}

async function firstRows(
  connection: DuckDBConnection,
  { from, select, columns }: Prepared,
  limit: number,
): Promise<(string | null)[][]> {
  const texts = columns.map(({ name }) => `CAST(${quote(name)} AS VARCHAR)`).join(", ");
  const reader = await connection.runAndReadAll(
    `SELECT ${texts} FROM (SELECT ${select} FROM ${from} LIMIT ${limit})`,
  );
  return reader.getRows().map((row) => row.map((value) => value === null ? null : String(value)));
}
