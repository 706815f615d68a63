import type { DuckDBConnection } from "@duckdb/node-api";
import { type Events, type Slip, valuesSql } from "../engines/duckdb/rolling/definition.ts";
import { quote } from "../engines/duckdb/types.ts";
import type { MetricTask } from "../engines/task.ts";
import type { Leak } from "./leaks.ts";
import { keyColumns, type Raw } from "./raw.ts";

/** A way to come from what is asked to values: the right one, or one that leaks. */
export interface Theory {
  /**
   * SQL of `n` and `stamp`: the moment of the row that each asked one gets, NULL for none. Undefined for a feature without
   * time, whose one row it is.
   */
  found: string | undefined;
  /** How the windows are wrong. */
  slip?: Slip;
  /** Events count from their time on, whenever they were known. */
  unknowing?: boolean;
}

/** What is asked: a table of `n`, keys, `moment` (a TIMESTAMP), and the values that are audited, `p0`, `p1`, ... */
export interface Asked {
  table: string;
  columns: AskedColumn[];
}

export interface AskedColumn {
  /** The feature's column. */
  name: string;
  /** As the data that is audited calls it. */
  shown: string;
  /** DuckDB's type of `p`, where it is the values' own; undefined where they are text that stands for them. */
  type: string | undefined;
  /** SQL of what stands where there is no row. */
  fill?: string;
}

/**
 * Makes the table `to` of what a theory gives for what is asked: `n`, the values `r0`, `r1`, ..., and how large the numbers
 * were that each was added up from, `s0`, `s1`, ...
 */
export async function applyTheory(
  connection: DuckDBConnection,
  raw: Raw,
  { asked, theory, to }: { asked: Asked; theory: Theory; to: string },
): Promise<void> {
  const keys = keyColumns(raw.task.keys).map((key) => `a.${key}`).join(", ");
  const found = `${to}_found`;
  await connection.run(
    theory.found === undefined
      ? `CREATE TABLE ${found} AS SELECT n, ${keys} FROM ${asked.table} a`
      : `CREATE TABLE ${found} AS SELECT a.n, ${keys}, f.stamp FROM ${asked.table} a JOIN (${theory.found}) f USING (n)
         WHERE f.stamp IS NOT NULL`,
  );
  await connection.run(
    `CREATE TABLE ${to} AS ${
      raw.events === undefined ? rowsSql(raw, asked, found) : metricsSql(raw, asked, { found, theory })
    }`,
  );
  await connection.run(`DROP TABLE ${found}`);
}

function rowsSql({ task, rows }: Raw, asked: Asked, found: string): string {
  const time = task.timestamp === undefined ? [] : [`e.${quote(task.timestamp.column)} = f.stamp`];
  const on = [...task.keys.map((key, i) => `e.${quote(key)} = f.k${i}`), ...time];
  const values = asked.columns.flatMap((column, i) => [
    `${filled(column, `e.${quote(column.name)}`, `e.${quote(task.keys[0] ?? "")} IS NULL`)} AS r${i}`,
    `0 AS s${i}`,
  ]);
  return `SELECT ${["a.n", ...values].join(", ")} FROM ${asked.table} a
    LEFT JOIN ${found} f USING (n) LEFT JOIN ${rows} e ON ${on.join(" AND ")}`;
}

/** One self-join for each window. */
function metricsSql(
  { task, events }: Raw,
  asked: Asked,
  { found, theory: { slip = {}, unknowing } }: { found: string; theory: Theory },
): string {
  if (events === undefined) throw new Error("Metrics are made of events");
  const metrics = asked.columns.map(({ name }) => {
    const metric = task.metrics.find((one) => one.name === name);
    if (metric === undefined) throw new Error(`There is no metric ${name}`);
    return metric;
  });
  const windows = [...new Set(metrics.map(({ window }) => window))];
  const joins = windows.map((window, i) => {
    const own = metrics.filter((metric) => metric.window === window);
    const sizes = own.map((metric) =>
      `${sizeSql(events.columns, metric)} AS ${quote(`size ${metric.name}`)}`
    );
    const counted = unknowing ? { ...events, validity: undefined } : events;
    const values = valuesSql(counted, own, { asked: found, window, slip, also: sizes });
    return `LEFT JOIN (${values}) w${i} USING (n)`;
  });
  const values = asked.columns.flatMap((column, i) => {
    const from = `w${windows.indexOf(metrics[i]?.window ?? 0)}`;
    return [
      `${filled(column, `${from}.${quote(column.name)}`, "f.n IS NULL")} AS r${i}`,
      `coalesce(${from}.${quote(`size ${column.name}`)}, 0) AS s${i}`,
    ];
  });
  return `SELECT ${["a.n", ...values].join(", ")} FROM ${asked.table} a
    LEFT JOIN ${found} f USING (n) ${joins.join(" ")}`;
}

/** What is added up, without its signs: the order of additions matters by so much of it. */
function sizeSql(
  columns: readonly { name: string; type: string }[],
  { input, aggregation }: MetricTask,
): string {
  const type = columns.find(({ name }) => name === input)?.type ?? "";
  const adds = aggregation === "sum" || aggregation === "mean" || aggregation === "std";
  if (!adds || (type !== "DOUBLE" && type !== "FLOAT")) return "0";
  const value = `e.${quote(input)}`;
  return `sum(abs(CAST(${value} AS DOUBLE))) FILTER (isfinite(${value}))`;
}

function filled({ fill }: AskedColumn, value: string, none: string): string {
  return fill === undefined ? value : `CASE WHEN ${none} THEN ${fill} ELSE ${value} END`;
}

/** The ways in which windows are wrong at the right row. */
export function slips(found: string, { interval, validity }: Events): [Leak, Theory][] {
  return [
    ["bucket_start", { found, slip: { from: interval, to: interval } }],
    ["reaches_beyond", { found, slip: { to: interval } }],
    ["window_too_long", { found, slip: { from: -interval } }],
    ["closed_window", { found, slip: { closed: true } }],
    ...(validity === undefined ? [] : [["known_at", { found, unknowing: true }] satisfies [Leak, Theory]]),
  ];
}
