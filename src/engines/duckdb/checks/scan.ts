import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import type { Check } from "../../../definitions/checks/model.ts";
import { type Checked, type Probe, probe } from "./probe.ts";
import { type CheckResult, enough } from "./result.ts";

/** All checks of some rows as one SELECT: expressions over a row, and aggregates over those. */
export interface Scan {
  rows: Checked;
  /** `expression AS name`, for the inner SELECT, beside `*`. */
  flags: string[];
  /** For the outer SELECT, as many values as `read` takes. */
  aggregates: string[];
  read(values: readonly DuckDBValue[]): Finding[];
}

/** What one check found, and how its failing rows are found again. */
export interface Finding {
  probe: Probe;
  result: CheckResult;
  /** Whether `failing` is only a least number: rows that are not distinct are counted apart. */
  uncounted: boolean;
}

/** Makes the scan; wrong use of a check throws. */
export async function planScan(
  connection: DuckDBConnection,
  checks: readonly Check[],
  rows: Checked,
): Promise<Scan> {
  const parts: Part[] = [];
  for (const check of checks) {
    const asked = await probe(connection, check, rows);
    if (asked !== undefined) parts.push(partOf(asked, `_mlforge_check_${parts.length}`));
  }
  return {
    rows,
    flags: parts.flatMap((part) => part.flags),
    aggregates: parts.flatMap((part) => part.aggregates),
    read(values) {
      let at = 0;
      return parts.map((part) => {
        const own = values.slice(at, at += part.aggregates.length);
        return { probe: part.probe, ...part.read(own) };
      });
    },
  };
}

/** Runs a scan, and in the same pass `others`, aggregates of someone else. */
export async function runScan(
  connection: DuckDBConnection,
  scan: Scan,
  others: readonly string[] = [],
): Promise<{ findings: Finding[]; more: DuckDBValue[] }> {
  const aggregates = [...scan.aggregates, ...others];
  if (aggregates.length === 0) return { findings: scan.read([]), more: [] };
  const reader = await connection.runAndReadAll(
    `SELECT ${aggregates.join(", ")} FROM (SELECT ${["*", ...scan.flags].join(", ")} FROM ${scan.rows.from})`,
  );
  const values = reader.getRows()[0] ?? [];
  return { findings: scan.read(values), more: values.slice(scan.aggregates.length) };
}

interface Part {
  probe: Probe;
  flags: string[];
  aggregates: string[];
  read(values: readonly DuckDBValue[]): Omit<Finding, "probe">;
}

function partOf(asked: Probe, name: string): Part {
  const { check } = asked;
  const found = (result: Omit<CheckResult, "check">, uncounted = false) => ({
    result: { check, ...result },
    uncounted,
  });
  const fact = (wrong: string | undefined) =>
    found({
      passed: wrong === undefined,
      failing: 0,
      looked: 0,
      ...(wrong === undefined ? {} : { found: wrong }),
    });
  switch (asked.kind) {
    case "known":
      return { probe: asked, flags: [], aggregates: [], read: () => fact(asked.wrong) };
    case "fact":
      return {
        probe: asked,
        flags: [],
        aggregates: [asked.aggregate],
        read: ([value]) => fact(asked.judge(value)),
      };
    case "rows":
      return {
        probe: asked,
        flags: [`(${asked.looked}) AS ${name}_looked`, `(${asked.fails}) AS ${name}_fails`],
        aggregates: [`count(*) FILTER (${name}_looked)`, `count(*) FILTER (${name}_fails)`],
        read(values) {
          const [looked = 0, failing = 0] = values.map(Number);
          return found({ passed: enough(check, failing, looked), failing, looked });
        },
      };
    case "distinct":
      return {
        probe: asked,
        flags: [`(${asked.looked}) AS ${name}_looked`, `${asked.value} AS ${name}_value`],
        aggregates: [
          `count(*) FILTER (${name}_looked)`,
          `count(DISTINCT ${name}_value) FILTER (${name}_looked)`,
        ],
        read(values) {
          const [looked = 0, different = 0] = values.map(Number);
          const repeated = looked > different;
          return found({ passed: !repeated, failing: looked - different, looked }, repeated);
        },
      };
  }
}
