import type { MetricTask } from "../../task.ts";
import { quote } from "../types.ts";
import type { Validity } from "../validity.ts";

/**
 * What docs/time.md says in SQL: which stamps there are, which events a window holds, what an aggregation is. Nothing is
 * built by it, as it is slow; it is what the built is held against, by tests and by `mlforge audit leak`.
 */
export interface Events {
  /** SQL name of a view or table: keys and time (TIMESTAMP in UTC) without NULLs, columns of values. */
  relation: string;
  keys: readonly string[];
  time: string;
  /** All columns, in their order, which decides between events of one time; with DuckDB's types. */
  columns: readonly { name: string; type: string }[];
  /** In seconds. */
  interval: number;
  /** Where events do not count from their time on. */
  validity?: Validity | undefined;
}

/** How far a window that is wrong differs from the one that the definition gives; in seconds. */
export interface Slip {
  /** Added to the moment it begins at, or ends at. */
  from?: number;
  to?: number;
  /** It holds the events at the moment it ends at, too. */
  closed?: boolean;
}

/**
 * The stamps up to `last` (SQL of a TIMESTAMP) of a feature with these windows, each once: its keys as `k0`, `k1`, ...,
 * `stamp`, and whether an event `enters` or `leaves` there. Windows are in seconds.
 */
export function stampsSql(events: Events, windows: readonly number[], last: string): string {
  const keys = events.keys.map((_, i) => `k${i}`).join(", ");
  const named = events.keys.map((key, i) => `${quote(key)} AS k${i}`).join(", ");
  const width = `to_seconds(${events.interval})`;
  const { since = events.time, until } = events.validity ?? {};
  const bucketEnd = (column: string) =>
    `time_bucket(${width}, ${quote(column)}, TIMESTAMP '2000-01-03') + ${width}`;
  const lengths = [...new Set(windows)].map((seconds) => `(${seconds})`).join(", ");
  return `WITH ends AS (
    SELECT DISTINCT ${named}, ${bucketEnd(events.time)} AS bucket_end, ${bucketEnd(since)} AS entry,
      ${until === undefined ? "CAST(NULL AS TIMESTAMP)" : bucketEnd(until)} AS replaced
    FROM ${events.relation}
  ), stays AS (
    SELECT ${keys}, entry, least(bucket_end + to_seconds(length), replaced) AS leave
    FROM ends, (VALUES ${lengths}) AS windows(length)
    WHERE entry < least(bucket_end + to_seconds(length), replaced)
  )
  SELECT ${keys}, stamp, bool_or(stamp = entry) AS enters, bool_or(stamp = leave) AS leaves
  FROM (SELECT *, unnest([entry, leave]) AS stamp FROM stays)
  WHERE stamp <= ${last}
  GROUP BY ${keys}, stamp`;
}

/**
 * The values of metrics of one window (in seconds), at the moments in `asked`: a table of `n`, `k0`, `k1`, ... and
 * `stamp`. Gives `n`, for each metric a column of its name, and what `also` lists: aggregates of the window's events, called `e`.
 */
export function valuesSql(
  events: Events,
  metrics: readonly MetricTask[],
  { asked, window, slip = {}, also = [] }: {
    asked: string;
    window: number;
    slip?: Slip;
    also?: readonly string[];
  },
): string {
  const time = `e.${quote(events.time)}`;
  const { since = events.time, until } = events.validity ?? {};
  const on = [
    ...events.keys.map((key, i) => `e.${quote(key)} = s.k${i}`),
    `${time} >= s.stamp + to_seconds(${(slip.from ?? 0) - window})`,
    `e.${quote(since)} ${slip.closed ? "<=" : "<"} s.stamp + to_seconds(${slip.to ?? 0})`,
    ...(until === undefined ? [] : [`(e.${quote(until)} IS NULL OR e.${quote(until)} >= s.stamp)`]),
  ];
  const values = metrics.map((metric) => `${aggregationSql(events, metric)} AS ${quote(metric.name)}`);
  return `SELECT ${["s.n", ...values, ...also].join(", ")}
  FROM ${asked} s LEFT JOIN ${events.relation} e ON ${on.join(" AND ")}
  GROUP BY s.n`;
}

function aggregationSql(events: Events, { input, aggregation }: Omit<MetricTask, "window">): string {
  const time = `e.${quote(events.time)}`;
  if (input === "*") return `count(${time})`;
  const value = `e.${quote(input)}`;
  const type = events.columns.find(({ name }) => name === input)?.type;
  const number = type === "BOOLEAN" ? `CAST(${value} AS INTEGER)` : value;
  switch (aggregation) {
    case "count":
      return `count(${value})`;
    case "sum":
      return `coalesce(sum(${number}), 0)`;
    case "mean":
      return `avg(${number})`;
    case "min":
    case "max":
      return `${aggregation}(${value})`;
    case "std":
      return `stddev_samp(${number})`;
    case "median":
      return `median(CAST(${value} AS DOUBLE))`;
    case "count_distinct":
      return `count(DISTINCT ${value})`;
    case "first":
    case "last": {
      const others = events.columns.map(({ name }) => `e.${quote(name)}`).filter((name) => name !== time);
      const order = [time, ...others].join(", ");
      return `${aggregation}(${value} ORDER BY ${order}) FILTER (WHERE ${value} IS NOT NULL)`;
    }
  }
}
