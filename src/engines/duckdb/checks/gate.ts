import type { DuckDBConnection } from "@duckdb/node-api";
import { checkName } from "../../../definitions/checks/model.ts";
import { throwAll } from "../../../error.ts";
import { literal, storable } from "../types.ts";
import { type ExampleOptions, withExamples } from "./examples.ts";
import type { Checked } from "./probe.ts";
import { checkError, type CheckResult } from "./result.ts";
import type { Finding } from "./scan.ts";

export interface GateOptions extends ExampleOptions {
  /** Only whether the checks can be asked matters: what was found is left alone. */
  asked: boolean;
  /** Where failing rows are written to, as Parquet. */
  failingFile?: string;
}

/** The results of checks; throws all that failed together where any of them has to pass. */
export async function gate(
  connection: DuckDBConnection,
  findings: readonly Finding[],
  rows: Checked,
  options: GateOptions,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  // What needs no rows holds for none as well.
  const counted = findings.filter(({ probe }) => !options.asked || probe.kind === "known");
  for (const finding of counted) {
    results.push(await withExamples(connection, finding, rows, options));
  }
  if (options.failingFile !== undefined) {
    const failed = counted.filter((_, i) => results[i]?.passed === false);
    await writeFailing(connection, failed, rows, { file: options.failingFile, hidden: options.hidden });
  }
  refuse(rows.feature, results);
  return results;
}

/** All rows that failed, once for each check, which the column `failed_check` names; nothing where no row is to blame. */
async function writeFailing(
  connection: DuckDBConnection,
  failed: readonly Finding[],
  { from, columns }: Checked,
  { file, hidden }: { file: string; hidden: readonly string[] },
): Promise<void> {
  const shown = columns.filter(({ name }) => !hidden.includes(name)).map(storable);
  const parts = failed.flatMap(({ probe }) =>
    probe.kind === "rows" || probe.kind === "distinct"
      ? [
        `SELECT ${
          [`${literal(checkName(probe.check))} AS failed_check`, ...shown].join(", ")
        } FROM ${from} WHERE ${probe.fails}`,
      ]
      : []
  );
  if (parts.length === 0) return;
  await connection.run(
    `COPY (${parts.join(" UNION ALL ")}) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd)`,
  );
}

/** Throws what failed, the warnings too, where anything failed that has to pass. */
export function refuse(feature: string, results: readonly CheckResult[]): void {
  const failed = results.filter(({ passed }) => !passed);
  if (failed.every(({ check }) => check.severity === "warn")) return;
  throwAll(failed.map((result) => checkError(feature, result)));
}
