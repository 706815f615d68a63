import { quote } from "../types.ts";
import type { Column } from "../types.ts";
import type { Dictionary } from "./dictionary.ts";
import type { Validity } from "../validity.ts";
import type { Plan, Step, ValidityLanesSql } from "./plan.ts";
import { RELATION } from "./plan_lanes.ts";

/** Added to numbers of buckets, counted from the first one: so that 32 bits, with their sign, suffice for 2^32 of them. */
export const LOWEST = -(2 ** 31);

export interface StreamRequest {
  plan: Plan;
  relation: string;
  columns: readonly Column[];
  keys: readonly string[];
  time: string;
  /** The column of the moments at which rows enter windows: the time, unless that is not all. */
  entry: string;
  buckets: Buckets;
  dictionaries: readonly Dictionary[];
}

/** Start of the bucket that is numbered LOWEST, and a bucket's width: in microseconds (since 1970). */
export interface Buckets {
  base: bigint;
  width: bigint;
}

/** SQL of the number of the bucket that a column's moment lies in. */
function bucketOf(column: string, { base, width }: Buckets): string {
  return `CAST((epoch_us(${column}) - (${base})) // ${width} + (${LOWEST}) AS INTEGER)`;
}

const of = (column: string) => `${RELATION}.${quote(column)}`;

/** The lanes of rows that are known late or replaced, of `columns` the last to decide which of two is first. */
export function validityLanes(
  { until }: Validity,
  { keys, time, columns, buckets }: {
    keys: readonly string[];
    time: string;
    columns: readonly Column[];
    buckets: Buckets;
  },
): ValidityLanesSql {
  return {
    own: bucketOf(of(time), buckets),
    ...(until === undefined ? {} : { until: bucketOf(of(until), buckets) }),
    order: `row_number() OVER (PARTITION BY ${keys.map(of).join(", ")} ORDER BY ${
      byTime(time, columns).join(", ")
    })`,
  };
}

/** What decides which of two rows is first. */
function byTime(time: string, columns: readonly Column[]): string[] {
  return [time, ...columns.map(({ name }) => name).filter((name) => name !== time)].map(of);
}

/** SQL of a text column's code; undefined for columns without a dictionary. */
export function codeOf(dictionaries: readonly Dictionary[], column: string): string | undefined {
  const found = dictionaries.findIndex((dictionary) => dictionary.column === column);
  return found < 0 ? undefined : `d${found}.code`;
}

/** The query whose rows the kernel takes: keys, bucket, lanes; sorted by keys and bucket. */
export function streamQuery(request: StreamRequest): string {
  const { plan, keys, columns, time, entry, buckets, dictionaries } = request;
  const list = [
    ...keys.map((key) => codeOf(dictionaries, key) ?? of(key)),
    bucketOf(of(entry), buckets),
    ...plan.lanes.flatMap(({ sql, special }) => special === undefined ? [sql] : [sql, special]),
  ];
  const joins = dictionaries.map(({ column, table }, i) =>
    `${keys.includes(column) ? "" : "LEFT "}JOIN ${table} AS d${i} ON d${i}.word = CAST(${
      of(column)
    } AS VARCHAR)`
  );
  const identity = [...keys, time].map((_, i) => String(i + 1));
  const from = `SELECT ${list.join(", ")} FROM ${request.relation} AS ${RELATION} ${joins.join(" ")}`;
  if (plan.via === "partials") return `${from} GROUP BY ${identity} ORDER BY ${identity}`;
  return `${from} ORDER BY ${[...identity.slice(0, -1), ...tieBreakers()].join(", ")}`;

  /** What must follow the keys, so that events of one bucket come in an order that matters to somebody. */
  function tieBreakers(): string[] {
    const steps = new Set(plan.aggregates.map(({ step }) => step));
    const { validity } = plan;
    if (validity === undefined && (steps.has("first") || steps.has("last"))) return byTime(time, columns);
    const bucket = identity.at(-1) ?? "";
    // The order of additions can be seen in a standard deviation and, where rows leave in any order, in sums of doubles.
    const seen = (step: Step) => step === "std" || (validity !== undefined && step === "float_total");
    const values = plan.aggregates.flatMap(({ step, lane }) => seen(step) ? [lane] : []);
    // When a row will be replaced comes last: it must not show before it is.
    const lanes = validity === undefined ? values : [validity.own, ...values, validity.until];
    return [bucket, ...lanes.flatMap((lane) => lane === undefined ? [] : [plan.lanes[lane]?.sql ?? ""])];
  }
}
