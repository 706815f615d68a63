import type { DuckDBConnection } from "@duckdb/node-api";
import { timeColumn } from "../engines/duckdb/timestamp.ts";
import { type Column, columnsOf, literal, quote } from "../engines/duckdb/types.ts";
import { MlforgeError } from "../error.ts";
import { parseDuration } from "../definitions/duration.ts";
import type { Chosen } from "./choose.ts";
import { LABELS, requireLabel, ROW, TIME } from "./labels.ts";

/** What came of one feature. `matched + unmatched + beyond` is the number of labels. */
export interface FeatureReport {
  feature: string;
  version: string;
  /** The columns it added, in order. */
  columns: string[];
  /** Labels that got a row of the feature. */
  matched: number;
  /** Labels that got NULL: no such key, none of its rows early enough, a NULL key or time. */
  unmatched: number;
  /** Labels that got NULL because their time lies beyond the feature's data. */
  beyond: number;
}

/** A feature whose rows have been found: table `table` has ROW and `columns` for each label. */
export interface Joined extends FeatureReport {
  table: string;
}

/** A chosen feature's data as a view, and its columns. */
export interface Opened {
  chosen: Chosen;
  view: string;
  columns: Column[];
}

export async function openFeature(connection: DuckDBConnection, chosen: Chosen): Promise<Opened> {
  const view = quote(`_feature_${chosen.feature}`);
  await connection.run(`CREATE VIEW ${view} AS SELECT * FROM read_parquet([${literal(chosen.file)}])`);
  return { chosen, view, columns: columnsOf(await connection.run(`SELECT * FROM ${view} LIMIT 0`)) };
}

/**
 * Finds each label's row of one feature, into a table. With buckets: the newest row stamped at or before the label's
 * time; with event times: strictly before it, or a label could see itself; without time: the row of its key. Buckets that
 * are stamped with their start (the Python mlforge's) count from their end, when all of them is known.
 *
 * A label one interval or more after the last stamp lies beyond the data, whose silence says nothing there.
 */
export async function joinFeature(
  connection: DuckDBConnection,
  opened: Opened,
  options: { labels: readonly Column[]; keys: Readonly<Record<string, string>> },
): Promise<Joined> {
  const { chosen, view, columns } = opened;
  const { meta, feature } = chosen;
  const { stamp } = meta.mlforge;
  const timed = stamp !== "none" && meta.timestamp !== null;
  const pairs = meta.keys.map((key) => {
    const label = requireLabel(
      options.labels,
      options.keys[key] ?? key,
      `key "${key}" of feature "${feature}"`,
    );
    const column = columns.find((c) => c.name === key);
    if (column === undefined) throw damaged(chosen, key);
    return comparable(feature, column, label);
  });
  const values = columns.filter((c) => !meta.keys.includes(c.name) && !(timed && c.name === meta.timestamp));
  const named = values.map((c) => ({ from: c.name, to: outputName(chosen, c.name) }));

  const limit = await beyondFrom(connection, chosen);
  const within = limit === undefined ? TIME : `CASE WHEN ${TIME} < make_timestamp(${limit}) THEN ${TIME} END`;
  const stamped = timed ? await stampOf(connection, opened) : undefined;
  const keyList = pairs.map(({ key }, i) => `${key} AS k${i}`).join(", ");
  const labelKeys = pairs.map(({ label }, i) => `${label} AS k${i}`).join(", ");
  const same = pairs.map((_, i) => `l.k${i} = f.k${i}`).join(" AND ");
  const early = stamp === "event" ? "l.t > f.t" : "l.t >= f.t";
  if (stamped === undefined || meta.mlforge.tool === "python") {
    await requireSingle(connection, opened, stamped);
  }

  const table = quote(`_joined_${feature}`);
  const chosenColumns = named.map(({ from, to }) => `f.${quote(from)} AS ${quote(to)}`);
  // Only keys that the labels have: the join sorts what it gets.
  await connection.run(`
    CREATE TABLE ${table} AS
    WITH l AS (SELECT ${ROW}, ${labelKeys}${timed ? `, ${within} AS t` : ""} FROM ${LABELS}),
    f AS (
      SELECT * FROM (
        SELECT true AS _mlforge_found, ${keyList}${stamped === undefined ? "" : `, ${stamped} AS t`},
          ${values.map((c) => quote(c.name)).join(", ")} FROM ${view}
      ) f SEMI JOIN l ON ${same}
    )
    SELECT ${[`l.${ROW}`, "f._mlforge_found", ...chosenColumns].join(", ")} FROM l
    ${timed ? "ASOF " : ""}LEFT JOIN f ON ${same}${timed ? ` AND ${early}` : ""}`);
  const beyond = limit === undefined
    ? "0"
    : `(SELECT count(*) FROM ${LABELS} WHERE ${TIME} >= make_timestamp(${limit}))`;
  const counts = await connection.runAndReadAll(
    `SELECT count(_mlforge_found), count(*), ${beyond} FROM ${table}`,
  );
  const [matched = 0, all = 0, outside = 0] = (counts.getRows()[0] ?? []).map(Number);
  return {
    feature,
    version: chosen.version,
    columns: named.map(({ to }) => to),
    matched,
    unmatched: all - matched - outside,
    beyond: outside,
    table,
  };
}

/** Metric columns have names of their own; any other gets the feature's in front, so that it is always called the same. */
function outputName({ feature, meta }: Chosen, column: string): string {
  const own = meta.features.some((f) => f.name === column) || column.startsWith(`${feature}__`);
  return own ? column : `${feature}__${column}`;
}

/** SQL for the moment from which a row of the feature is known, before or at which a label can't see it. */
async function stampOf(connection: DuckDBConnection, { chosen, view }: Opened): Promise<string> {
  const { feature, meta } = chosen;
  const what = `feature "${feature}"`;
  const time = await timeColumn(connection, { relation: view, column: meta.timestamp ?? "", what });
  if (meta.mlforge.stamp !== "bucket_start") return time;
  return `${time} + to_seconds(${secondsOf(chosen)})`;
}

/** Microseconds since 1970: one interval after the last stamp. Undefined where the feature does not end. */
async function beyondFrom(connection: DuckDBConnection, chosen: Chosen): Promise<bigint | undefined> {
  const { stamp, watermark } = chosen.meta.mlforge;
  if (stamp !== "bucket_end" || watermark === null) return undefined;
  const seconds = secondsOf(chosen);
  const newest = `make_timestamp(epoch_us(CAST(${literal(watermark)} AS TIMESTAMPTZ)))`;
  const bucket = `time_bucket(to_seconds(${seconds}), ${newest}, TIMESTAMP '2000-01-03 00:00:00')`;
  const reader = await connection.runAndReadAll(`SELECT epoch_us(${bucket}) + ${2 * seconds * 1_000_000}`);
  return BigInt(String(reader.getRows()[0]?.[0]));
}

function secondsOf(chosen: Chosen): number {
  const { feature, meta, version } = chosen;
  const duration = parseDuration(meta.interval ?? "");
  if (duration !== undefined) return duration.seconds;
  throw new MlforgeError(
    "failed",
    `The metadata of feature "${feature}" ${version} has the interval "${meta.interval}"`,
    {
      hint: "Joins know minutes, hours, days and weeks (15m, 6h, 7d, 2w): build the feature again.",
    },
  );
}

/** A label must get one row: two of one key (and stamp) would give two, or any. */
async function requireSingle(
  connection: DuckDBConnection,
  { chosen, view }: Opened,
  stamped: string | undefined,
): Promise<void> {
  const { feature, meta } = chosen;
  const identity = [...meta.keys.map(quote), ...(stamped === undefined ? [] : [stamped])];
  const reader = await connection.runAndReadAll(
    `SELECT ${meta.keys.map((key) => `CAST(any_value(${quote(key)}) AS VARCHAR)`).join(", ")} FROM ${view}
     GROUP BY ${identity.join(", ")} HAVING count(*) > 1 LIMIT 1`,
  );
  const row = reader.getRows()[0];
  if (row === undefined) return;
  const values = meta.keys.map((key, i) => `${key}=${row[i]}`).join(", ");
  throw new MlforgeError(
    "failed",
    `Feature "${feature}" has several rows for ${values}: which one is meant?`,
    {
      hint: "Give the feature a timestamp, or one row for each key in its SQL.",
    },
  );
}

/** Kinds of types whose values compare exactly. */
const KINDS: [pattern: RegExp, kind: string][] = [
  [/INT(EGER)?$|^DECIMAL/, "number"],
  [/^(VARCHAR|UUID|ENUM)/, "text"],
  [/^TIMESTAMP/, "time"],
];

/** SQL of both sides of an equality between a feature's key and a label's column. */
function comparable(feature: string, key: Column, label: Column): { key: string; label: string } {
  const kindOf = (type: string) => KINDS.find(([pattern]) => pattern.test(type))?.[1] ?? type;
  const kind = kindOf(key.type);
  if (kind !== kindOf(label.type)) {
    throw new MlforgeError(
      "usage",
      `Key "${key.name}" of feature "${feature}" is of type ${key.type}, the labels' column "${label.name}" of ${label.type}`,
      { hint: `Cast it where the labels are made: CAST("${label.name}" AS ${key.type}).` },
    );
  }
  if (kind !== "text") return { key: quote(key.name), label: quote(label.name) };
  return { key: `CAST(${quote(key.name)} AS VARCHAR)`, label: `CAST(${quote(label.name)} AS VARCHAR)` };
}

function damaged({ feature, version }: Chosen, column: string): MlforgeError {
  return new MlforgeError("failed", `The data of feature "${feature}" ${version} has no column "${column}"`, {
    hint: "It is not what its metadata says: build the feature again.",
  });
}
