import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import { rolling, type RollingRequest } from "../../../src/engines/duckdb/rolling.ts";
import { quote } from "../../../src/engines/duckdb/types.ts";
import type { Aggregation } from "../../../src/definitions/model.ts";
import type { MetricTask } from "../../../src/engines/task.ts";

export const DAY = 86400;

/** A DuckDB for a test, and what is needed to run rolling windows in it. */
export async function workbench(threads = 2) {
  const instance = await DuckDBInstance.create(":memory:", { threads: String(threads) });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return {
    instance,
    connection,
    run: (sql: string) => connection.run(sql),
    rows: (sql: string) => rowsOf(connection, sql),
    /** The rolled rows, in order, as texts (doubles as numbers): what `read` gets is the FROM and the SELECT list. */
    async rolled<T>(
      request: Omit<RollingRequest, "instance" | "connection" | "relation"> & { relation?: string },
      read: (select: string, table: string, rows: number) => Promise<T>,
    ): Promise<T> {
      const done = await rolling({ instance, connection, relation: "events", ...request });
      try {
        return await read(done.select, done.table, done.rows);
      } finally {
        await done.drop();
      }
    },
    [Symbol.dispose]() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function rowsOf(connection: DuckDBConnection, sql: string) {
  return (await connection.runAndReadAll(sql)).getRows();
}

/** Metric by metric, named `aggregation_input_days`; windows in seconds. */
export function metrics(
  input: string,
  aggregations: readonly Aggregation[],
  windows: readonly number[],
): MetricTask[] {
  return aggregations.flatMap((aggregation) =>
    windows.map((window) => ({
      name: `${aggregation}_${input === "*" ? "rows" : input}_${window}`,
      input,
      aggregation,
      window,
    }))
  );
}

/** A SELECT list that gives doubles as they are and all else as text. */
export function readable(columns: readonly { name: string; type: string }[]): string {
  return columns.map(({ name, type }) => type === "DOUBLE" ? quote(name) : `CAST(${quote(name)} AS VARCHAR)`)
    .join();
}
