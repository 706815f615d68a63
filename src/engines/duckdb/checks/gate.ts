import type { DuckDBConnection } from "@duckdb/node-api";
import { throwAll } from "../../../error.ts";
import { type ExampleOptions, withExamples } from "./examples.ts";
import type { Checked } from "./probe.ts";
import { checkError, type CheckResult } from "./result.ts";
import type { Finding } from "./scan.ts";

export interface GateOptions extends ExampleOptions {
  /** Only whether the checks can be asked matters: what was found is left alone. */
  asked: boolean;
}

/** The results of checks; throws all that failed together where any of them has to pass. */
export async function gate(
  connection: DuckDBConnection,
  findings: readonly Finding[],
  rows: Checked,
  options: GateOptions,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const finding of findings) {
    // What needs no rows holds for none as well.
    if (options.asked && finding.probe.kind !== "known") continue;
    results.push(await withExamples(connection, finding, rows, options));
  }
  refuse(rows.feature, results);
  return results;
}

/** Throws what failed, the warnings too, where anything failed that has to pass. */
export function refuse(feature: string, results: readonly CheckResult[]): void {
  const failed = results.filter(({ passed }) => !passed);
  if (failed.every(({ check }) => check.severity === "warn")) return;
  throwAll(failed.map((result) => checkError(feature, result)));
}
