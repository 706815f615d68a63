import type { DuckDBConnection } from "@duckdb/node-api";
import type { Rows } from "../../../error.ts";
import { messageOf } from "../errors.ts";
import { quote } from "../types.ts";
import type { Checked } from "./probe.ts";
import { type CheckResult, enough } from "./result.ts";
import type { Finding } from "./scan.ts";

/** Failing rows that a person is shown. */
const EXAMPLES = 5;

export interface ExampleOptions {
  /** Columns whose values are shown nowhere. */
  hidden: readonly string[];
}

/** The result of what was found, with the first failing rows, by keys and time. */
export async function withExamples(
  connection: DuckDBConnection,
  { probe, result, uncounted }: Finding,
  rows: Checked,
  { hidden }: ExampleOptions,
): Promise<CheckResult> {
  if (result.failing === 0 || (probe.kind !== "rows" && probe.kind !== "distinct")) return result;
  let { failing } = result;
  if (uncounted) {
    // All rows that have an equal, and none whose hash alone was equal to another's.
    const reader = await connection.runAndReadAll(`SELECT count(*) FROM ${rows.from} WHERE ${probe.fails}`);
    failing = Number(reader.getRows()[0]?.[0] ?? 0);
  }
  const passed = enough(probe.check, failing, result.looked);
  if (passed) return { ...result, passed, failing };

  const order = [...rows.keys, ...(rows.time === undefined ? [] : [rows.time])].filter((name) =>
    rows.columns.some((column) => column.name === name)
  );
  const columns = [...new Set([...order, ...probe.columns])];
  const shown = columns.map((name) =>
    hidden.includes(name) ? "'(hidden)'" : `CAST(${quote(name)} AS VARCHAR)`
  );
  const { check } = probe;
  const sorted = [
    // Where an expression can't be computed is what most needs to be seen. A struct is NULL for no other reason.
    ...(check.kind === "sql" ? [`TRY({v: (${check.expression}\n)}) IS NOT NULL`] : []),
    ...[...order, ...probe.columns].map(quote),
  ];
  const first = `FROM ${rows.from} WHERE ${probe.fails} ORDER BY ${sorted.join(", ")} LIMIT ${EXAMPLES}`;
  const reader = await connection.runAndReadAll(`SELECT ${shown.join(", ")} ${first}`);
  const examples: Rows = {
    columns,
    rows: reader.getRows().map((row) => row.map((value) => value === null ? null : String(value))),
  };
  const why = check.kind === "sql" && !probe.columns.some((name) => hidden.includes(name))
    ? await whyNot(connection, check.expression, first)
    : undefined;
  return { ...result, passed, failing, examples, ...(why === undefined ? {} : { hint: why }) };
}

/** What the engine says of an expression that it can't compute on these rows; undefined where it can. */
async function whyNot(
  connection: DuckDBConnection,
  expression: string,
  first: string,
): Promise<string | undefined> {
  try {
    await connection.run(`SELECT (${expression}\n) FROM (SELECT * ${first})`);
  } catch (cause) {
    return `On such rows the expression can't be computed: ${messageOf(cause)}`;
  }
}
