import { DuckDBInstance } from "@duckdb/node-api";
import type { Check } from "../../../src/definitions/checks/model.ts";
import type { Checked } from "../../../src/engines/duckdb/checks/probe.ts";
import { withExamples } from "../../../src/engines/duckdb/checks/examples.ts";
import type { CheckResult } from "../../../src/engines/duckdb/checks/result.ts";
import { planScan, runScan } from "../../../src/engines/duckdb/checks/scan.ts";
import { columnsOf } from "../../../src/engines/duckdb/types.ts";

/** A check without what is the same in all tests. */
export type Asked = Check extends infer One
  ? One extends Check ? Omit<One, "severity" | "place"> & { severity?: Check["severity"] }
  : never
  : never;

export const PLACE = { file: "definitions.yaml", line: 7, column: 9 };
/** What checks call the present. */
export const NOW = Date.parse("2026-01-10T00:00:00Z");

/** Asks checks of what a query gives; its keys are `id`, where it has such a column. */
export async function ask(
  sql: string,
  checks: readonly Asked[],
  options: { time?: string; hidden?: string[]; setup?: string } = {},
): Promise<CheckResult[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    if (options.setup !== undefined) await connection.run(options.setup);
    await connection.run(`CREATE TABLE rows AS ${sql}`);
    const columns = columnsOf(await connection.run("SELECT * FROM rows LIMIT 0"));
    const rows: Checked = {
      feature: "one",
      from: "(SELECT * FROM rows)",
      columns,
      keys: columns.some(({ name }) => name === "id") ? ["id"] : [],
      time: options.time,
      now: NOW,
    };
    const whole = checks.map((check) => ({ severity: "error", place: PLACE, ...check }) as Check);
    const { findings } = await runScan(connection, await planScan(connection, whole, rows));
    const results: CheckResult[] = [];
    for (const finding of findings) {
      results.push(await withExamples(connection, finding, rows, { hidden: options.hidden ?? [] }));
    }
    return results;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** A query whose column `x` of a type has these values, written as SQL; `id` counts them from 1. */
export function values(type: string, written: readonly string[]): string {
  const rows = written.map((value, i) => `(${i + 1}, CAST(${value} AS ${type}))`).join(", ");
  return `SELECT * FROM (VALUES ${rows}) AS v(id, x)`;
}
