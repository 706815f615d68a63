import type { DuckDBConnection } from "@duckdb/node-api";
import type { Feature, Source } from "../definitions/model.ts";
import { type Prepared, withPrepared } from "../engines/duckdb/feature.ts";
import { type Column, quote } from "../engines/duckdb/types.ts";
import type { SourcePlace } from "./find_files.ts";
import { inEngine } from "./in_engine.ts";
import { sourceTask } from "./sources.ts";
import { withoutChecks } from "./tasks.ts";

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
  return await inEngine(
    { feature: looked, sources: await tasksOf(looked.sources), lookups: await tasksOf(looked.lookups) },
    { columnsOnly: limit === undefined },
    (session, task, options) =>
      withPrepared(session, task, { ...options, empty: limit === undefined }, async (prepared) => ({
        columns: prepared.columns,
        rows: limit === undefined ? [] : await firstRows(session.connection, prepared, limit),
      })),
  );
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
