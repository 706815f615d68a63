import type { DuckDBConnection } from "@duckdb/node-api";
import type { FeatureTask } from "../../task.ts";
import type { Prepared } from "../feature.ts";
import { describe, endsOfAll } from "../statistics/gather.ts";
import { driftChecks } from "./drift.ts";
import { gate, type GateOptions } from "./gate.ts";
import type { Checked } from "./probe.ts";
import { planScan, runScan } from "./scan.ts";

/** Asks a feature's checks of its rows, and in the same pass what statistics have to know before theirs. */
export async function checkRows(
  connection: DuckDBConnection,
  task: FeatureTask,
  { select, from, columns }: Pick<Prepared, "select" | "from" | "columns">,
  options: GateOptions,
): Promise<Pick<Prepared, "checks" | "described" | "drift">> {
  const { feature, keys, timestamp, now, checks, hidden } = task;
  const rows: Checked = {
    feature,
    from: `(SELECT ${select} FROM ${from})`,
    columns,
    keys,
    time: timestamp?.column,
    now,
  };
  const drift = driftChecks(task, columns);
  const open = options.asked ? [] : columns.filter(({ name }) => !hidden.includes(name));
  const scan = await planScan(connection, checks, rows);
  const { findings, more } = await runScan(connection, scan, endsOfAll(open));
  const results = await gate(connection, findings, rows, options);
  return { checks: results, described: await describe(connection, rows.from, open, more), drift };
}
