import { quote } from "../types.ts";
import type { Dictionary } from "./dictionary.ts";
import type { Facts } from "./facts.ts";
import type { AggregateSpec, Plan, PlannedMetric } from "./plan.ts";
import { LOWEST } from "./query.ts";

/** A result as a column of the table that the rows are kept in. */
export interface StoredColumn {
  name: string;
  /** SQL whose type the column has. */
  like: string;
  aggregate: AggregateSpec;
  window: number;
  /** For a sum that may not fit: the magnitude that it must stay under, and what to call it. */
  limit?: { below: bigint; type: string; metric: string; column: string };
}

/** The table, and the SELECT list that makes the final columns of it. */
export interface Layout {
  /** SQL whose types the key columns have; they are named k0, k1, ... and followed by `stamp`. */
  keys: string[];
  columns: StoredColumn[];
  select: string;
}

export function layOut(
  plan: Plan,
  facts: Facts,
  relation: {
    keys: readonly string[];
    keyTypes: readonly string[];
    time: string;
    base: bigint;
    width: bigint;
  },
  dictionaries: readonly Dictionary[],
): Layout {
  const typeOf = (column: string) => dictionaries.find((d) => d.column === column)?.type;
  const columns: StoredColumn[] = [];
  const store = (planned: PlannedMetric, aggregate: AggregateSpec) => {
    const known = columns.find((c) => c.aggregate === aggregate && c.window === planned.window);
    if (known !== undefined) return known.name;
    const name = `m${columns.length}`;
    const stored = storageOf(aggregate, planned, facts, typeOf);
    columns.push({ name, aggregate, window: planned.window, ...stored });
    return name;
  };
  const select = [
    ...relation.keys.map((key, i) => `${finalOf(`k${i}`, relation.keyTypes[i] ?? "")} AS ${quote(key)}`),
    `make_timestamp((stamp - (${LOWEST})::BIGINT) * ${relation.width} + (${relation.base})) AS ${
      quote(relation.time)
    }`,
  ];
  // What divides must be kept first, as the metric that it is.
  for (const planned of plan.metrics) if (planned.divisor === undefined) store(planned, planned.aggregate);
  for (const planned of plan.metrics) {
    const kept = store(planned, planned.aggregate);
    const value = planned.divisor === undefined
      ? resultOf(kept, planned)
      : `CAST(${kept} AS DOUBLE) / nullif(CAST(${store(planned, planned.divisor)} AS DOUBLE), 0)`;
    select.push(`${value} AS ${quote(planned.metric.name)}`);
  }
  return {
    keys: relation.keys.map((key) => {
      const type = typeOf(key);
      return type === undefined ? quote(key) : `CAST(NULL AS ${type})`;
    }),
    columns,
    select: select.join(", "),
  };
}

/** A stored value in its final type. */
function resultOf(name: string, { metric, input }: PlannedMetric): string {
  switch (metric.aggregation) {
    case "count":
    case "count_distinct":
      return `CAST(${name} AS BIGINT)`;
    case "sum":
      if (input?.kind === "float") return name;
      return input?.kind === "decimal"
        ? `CAST(${name} AS DECIMAL(38,${input.scale}))`
        : `CAST(${name} AS BIGINT)`;
    case "mean":
    case "std":
    case "median":
      return name;
    default:
      return finalOf(name, input?.type ?? "");
  }
}

/** What Parquet has no type for becomes what it has one for, as everywhere (`storable`). */
function finalOf(name: string, type: string): string {
  if (type === "HUGEINT" || type === "UHUGEINT") return `CAST(${name} AS BIGINT)`;
  return type === "VARCHAR" || type === "JSON" || type.startsWith("ENUM(")
    ? `CAST(${name} AS VARCHAR)`
    : name;
}

const typed = (type: string) => ({ like: `CAST(NULL AS ${type})` });

/** The narrowest type that can hold a result. */
function storageOf(
  { step, input, wide }: AggregateSpec,
  { metric }: PlannedMetric,
  facts: Facts,
  typeOf: (column: string) => string | undefined,
): Pick<StoredColumn, "like" | "limit"> {
  switch (step) {
    case "size":
    case "count_total":
    case "count_distinct":
      return typed(facts.rows < 2 ** 31 ? "INTEGER" : "BIGINT");
    case "float_total":
    case "mean":
    case "std":
    case "median":
      return typed("DOUBLE");
    case "total":
      break;
    default: {
      const type = typeOf(input?.name ?? "");
      return type === undefined ? { like: quote(input?.name ?? "") } : typed(type);
    }
  }
  const column = input?.name ?? "";
  const most = facts.ofInput.get(column)?.most ?? Infinity;
  const scale = input?.scale ?? 0;
  if (input?.kind === "decimal") {
    const digits = wide ? 38 : most < 10 ** 9 && scale <= 9 ? 9 : most < 10 ** 18 && scale <= 18 ? 18 : 38;
    const type = `DECIMAL(${digits},${scale})`;
    if (!wide) return typed(type);
    return { ...typed(type), limit: { below: 10n ** 38n, type, metric: metric.name, column } };
  }
  if (!wide) return typed(most < 2 ** 31 ? "INTEGER" : "BIGINT");
  return { ...typed("BIGINT"), limit: { below: 2n ** 63n, type: "BIGINT", metric: metric.name, column } };
}
