import type { DuckDBConnection } from "@duckdb/node-api";
import { type Column, quote } from "../engines/duckdb/types.ts";
import { MlforgeError } from "../error.ts";
import { type KeyPair, keyPairs } from "./key_pairs.ts";
import { beyondFrom, stampOf } from "./known.ts";
import { LABELS, TIME } from "./labels.ts";
import { type Opened, PLACE } from "./open_feature.ts";
import { isWhole, oneNumber } from "./one_number.ts";
import type { Rules } from "./rules.ts";

/** SQL that finds the rows of one feature, for labels `l`, in a table of places of all features. */
export interface Search {
  join: string;
  /** Name of the column with the place of the row that was found, in that table. */
  place: string;
  /** The columns of that table. */
  found: string[];
  /** Over that table: labels with a row, with one that is too old, beyond the data. */
  counts: [matched: string, tooOld: string, beyond: string];
}

export interface SearchOptions extends Rules {
  labels: { columns: readonly Column[]; rows: number };
  /** SQL over LABELS -> the column of `l` that holds it, of all searches so far; this one adds its own. */
  asked: Map<string, string>;
  /** Which search it is, as part of names. */
  at: number;
}

/** Throws where keys or times do not fit, a label is beyond the data and must not be, or two rows would fit one label. */
export async function searchFor(
  connection: DuckDBConnection,
  opened: Opened,
  options: SearchOptions,
): Promise<Search> {
  const { labels, at } = options;
  const { meta, feature } = opened.chosen;
  const pairs = keyPairs(opened, labels.columns, options.keys);
  const stamped = await stampOf(connection, opened);
  const beyond = await beyondOf(connection, opened, options);
  if (stamped === undefined || meta.mlforge.tool === "python") {
    await requireSingle(connection, opened, stamped);
  }
  const [f, place] = [`f${at}`, `place${at}`];
  const rows = await rowsOf(connection, opened, { pairs, stamped, labels: labels.rows });
  const outside = beyond === undefined ? "0" : `(SELECT count(*) FROM ${LABELS} WHERE ${beyond})`;
  if (stamped === undefined) {
    const join = `LEFT JOIN (${rows}) ${f} ON ${sameKeys(f, pairs, options)}`;
    return { join, place, found: [`${f}.${PLACE} AS ${place}`], counts: [`count(${place})`, "0", outside] };
  }
  const moment = beyond === undefined ? TIME : `CASE WHEN NOT ${beyond} THEN ${TIME} END`;
  const strict = meta.mlforge.stamp === "event";
  const { join, own } = await newestRow(connection, { f, rows, pairs, moment, strict }, options);
  const maxAge = options.maxAge[feature];
  if (maxAge === undefined) {
    const found = `CASE WHEN ${own} THEN ${f}.${PLACE} END AS ${place}`;
    return { join, place, found: [found], counts: [`count(${place})`, "0", outside] };
  }
  const old = `coalesce(${own} AND ${f}.t < ${ofLabel(moment, options)} - to_seconds(${maxAge}), false)`;
  return {
    join,
    place,
    found: [`CASE WHEN ${own} AND NOT ${old} THEN ${f}.${PLACE} END AS ${place}`, `${old} AS old${at}`],
    counts: [`count(${place})`, `count(*) FILTER (old${at})`, outside],
  };
}

/** The column of `l` with the value of this SQL over LABELS. */
function ofLabel(sql: string, { asked }: SearchOptions): string {
  const column = asked.get(sql) ?? `a${asked.size}`;
  asked.set(sql, column);
  return `l.${column}`;
}

function sameKeys(f: string, pairs: readonly KeyPair[], options: SearchOptions): string {
  return pairs.map(({ label }, i) => `${ofLabel(label, options)} = ${f}.k${i}`).join(" AND ");
}

/**
 * SQL that joins each label with the newest of the rows `f` that counts at its moment, or with any other, and for which of
 * them it is its own. A label without a moment has none: DuckDB's ASOF JOIN (1.5.5) gives one to a NULL, except where there
 * are few labels.
 */
async function newestRow(
  connection: DuckDBConnection,
  { f, rows, pairs, moment, strict }: {
    f: string;
    rows: string;
    pairs: readonly KeyPair[];
    moment: string;
    strict: boolean;
  },
  options: SearchOptions,
): Promise<{ join: string; own: string }> {
  const [pair] = pairs;
  const numbers = pair !== undefined && pairs.length === 1 && isWhole(...pair.types)
    ? await oneNumber(connection, {
      rows: `(${rows})`,
      key: "k0",
      time: "t",
      labelKey: pair.label,
      labelTime: moment,
      strict,
    })
    : undefined;
  if (numbers === undefined) {
    const time = ofLabel(moment, options);
    return {
      join: `ASOF LEFT JOIN (${rows}) ${f} ON ${sameKeys(f, pairs, options)} AND ${time} ${
        strict ? ">" : ">="
      } ${f}.t`,
      own: `${time} IS NOT NULL`,
    };
  }
  const number = ofLabel(numbers.ofLabel, options);
  return {
    join:
      `ASOF LEFT JOIN (SELECT ${PLACE}, t, ${numbers.ofRow} AS x FROM (${rows})) ${f} ON ${number} >= ${f}.x`,
    // Otherwise it is one of a lesser key.
    own: `${f}.x >= ${number} - ${number} % ${numbers.span}`,
  };
}

/** So many rows of a feature to each label: then most of its keys are no label's, and are left out before the join. */
const FEW = 20;

/** SQL for the rows that labels may find: their places, keys as k0, k1, ..., and time as t. */
async function rowsOf(
  connection: DuckDBConnection,
  { view }: Opened,
  { pairs, stamped, labels }: { pairs: readonly KeyPair[]; stamped: string | undefined; labels: number },
): Promise<string> {
  const time = stamped === undefined ? [] : [`${stamped} AS t`];
  const keys = pairs.map(({ key }, i) => `${key} AS k${i}`);
  const rows = `SELECT ${[PLACE, ...keys, ...time].join(", ")} FROM ${view}`;
  const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${view}`);
  if (Number(counted.getRows()[0]?.[0]) < labels * FEW) return rows;
  const asked = pairs.map(({ label }, i) => `${label} AS k${i}`).join(", ");
  return `SELECT * FROM (${rows}) SEMI JOIN (SELECT ${asked} FROM ${LABELS}) USING (${
    pairs.map((_, i) => `k${i}`).join(", ")
  })`;
}

/**
 * SQL over LABELS that is true for a label beyond the feature's data; undefined where none is. Throws where that is
 * refused.
 */
async function beyondOf(
  connection: DuckDBConnection,
  opened: Opened,
  { afterWatermark }: Rules,
): Promise<string | undefined> {
  const limit = afterWatermark === "use" ? undefined : await beyondFrom(connection, opened.chosen);
  if (limit === undefined) return undefined;
  const beyond = `coalesce(${TIME} >= make_timestamp(${limit}), false)`;
  if (afterWatermark === "error") await refuseBeyond(connection, opened, beyond);
  return beyond;
}

async function refuseBeyond(
  connection: DuckDBConnection,
  { chosen: { feature, version, meta } }: Opened,
  beyond: string,
): Promise<void> {
  const reader = await connection.runAndReadAll(
    `SELECT count(*), CAST(min(${TIME}) AS VARCHAR) FROM ${LABELS} WHERE ${beyond}`,
  );
  const [count, first] = reader.getRows()[0] ?? [];
  if (Number(count) === 0) return;
  throw new MlforgeError(
    "failed",
    `${count} labels lie beyond the data of feature "${feature}" ${version}, the first at ${first}`,
    {
      hint: `Its watermark is ${meta.mlforge.watermark}: build it on newer data, or take --after-watermark ` +
        "null or use.",
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
