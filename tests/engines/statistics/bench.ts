import { DuckDBInstance } from "@duckdb/node-api";
import { describe, endsOfAll, gather } from "../../../src/engines/duckdb/statistics/gather.ts";
import type { Taker } from "../../../src/engines/duckdb/statistics/column.ts";
import { RawChunk } from "../../../src/engines/duckdb/chunk.ts";
import { columnsOf } from "../../../src/engines/duckdb/types.ts";
import type { ColumnStatistics } from "../../../src/publish/meta.ts";

export interface Measured {
  statistics: Record<string, ColumnStatistics>;
  /** What DuckDB itself says of the same rows: the values that a SELECT list gives. */
  exact(list: string): Promise<unknown[]>;
  [Symbol.dispose](): void;
}

/** Statistics of a query's columns, gathered as a build does. */
export async function measure(
  sql: string,
  { threads = 2, others }: { threads?: number; others?: ReadonlyMap<string, Taker[]> } = {},
): Promise<Measured> {
  const instance = await DuckDBInstance.create(":memory:", { threads: String(threads) });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run(`CREATE TABLE data AS ${sql}`);
  const columns = columnsOf(await connection.run("SELECT * FROM data LIMIT 0"));
  const first = async (list: string) =>
    (await connection.runAndReadAll(`SELECT ${list} FROM data`)).getRows()[0] ?? [];
  const ends = await first(endsOfAll(columns).join(", "));
  const described = await describe(connection, "data", columns, ends);
  const gathering = gather(columns, described, others);
  const result = await connection.stream(
    `SELECT ${[...columns.map(({ name }) => `"${name}"`), ...gathering.list].join(", ")} FROM data`,
  );
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    gathering.add(new RawChunk(chunk));
  }
  return {
    statistics: gathering.finish(),
    exact: first,
    [Symbol.dispose]() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** Relative distance. */
export const apart = (a: number, b: number) =>
  a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
