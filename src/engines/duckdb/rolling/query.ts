import { quote } from "../types.ts";
import type { Column } from "../types.ts";
import type { Dictionary } from "./dictionary.ts";
import type { Plan } from "./plan.ts";
import { RELATION } from "./plan_lanes.ts";

/** Added to numbers of buckets, counted from the first one: so that 32 bits, with their sign, suffice for 2^32 of them. */
export const LOWEST = -(2 ** 31);

export interface StreamRequest {
  plan: Plan;
  relation: string;
  columns: readonly Column[];
  keys: readonly string[];
  time: string;
  /** Start of the bucket that is numbered LOWEST, and a bucket's width: in microseconds (since 1970). */
  base: bigint;
  width: bigint;
  dictionaries: readonly Dictionary[];
}

/** SQL of a text column's code; undefined for columns without a dictionary. */
export function codeOf(dictionaries: readonly Dictionary[], column: string): string | undefined {
  const found = dictionaries.findIndex((dictionary) => dictionary.column === column);
  return found < 0 ? undefined : `d${found}.code`;
}

/** The query whose rows the kernel takes: keys, bucket, lanes; sorted by keys and bucket. */
export function streamQuery(request: StreamRequest): string {
  const { plan, keys, columns, time, base, width, dictionaries } = request;
  const of = (column: string) => `${RELATION}.${quote(column)}`;
  const list = [
    ...keys.map((key) => codeOf(dictionaries, key) ?? of(key)),
    `CAST((epoch_us(${of(time)}) - (${base})) // ${width} + (${LOWEST}) AS INTEGER)`,
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
    if (steps.has("first") || steps.has("last")) {
      return [of(time), ...columns.map(({ name }) => of(name)).filter((name) => name !== of(time))];
    }
    const bucket = identity.at(-1) ?? "";
    // The order of additions can be seen in a standard deviation, not in any other result.
    const lanes = plan.aggregates.flatMap(({ step, lane }) =>
      step === "std" ? [plan.lanes[lane ?? 0]?.sql] : []
    );
    return [bucket, ...lanes.filter((sql) => sql !== undefined)];
  }
}
