import type { DuckDBConnection } from "@duckdb/node-api";
import { type Column, quote } from "../engines/duckdb/types.ts";
import { MlforgeError } from "../error.ts";
import { keyPairs } from "./key_pairs.ts";
import { beyondFrom, stampOf } from "./known.ts";
import { LABELS, ROW, TIME } from "./labels.ts";
import { type Opened, PLACE } from "./open_feature.ts";
import type { Rules } from "./rules.ts";

/** What came of one feature. `matched + unmatched + beyond + too_old` is the number of labels. */
export interface FeatureReport {
  feature: string;
  version: string;
  /** The columns it added, in order. */
  columns: string[];
  /** Labels that got a row of the feature. */
  matched: number;
  /** Labels without a row: no such key, none of its rows early enough, a NULL key or time. */
  unmatched: number;
  /** Labels without a row because their time lies beyond the feature's data. */
  beyond: number;
  /** Labels whose row is older than `maxAge`. */
  too_old: number;
}

/** A feature whose rows have been found: `table` has for each ROW the place of the feature's row, or NULL. */
export interface Joined {
  opened: Opened;
  table: string;
  report: FeatureReport;
}

/**
 * Finds each label's row of one feature, by its place in the file alone: what is sorted stays thin. With buckets: the
 * newest row stamped at or before the label's time; with event times: strictly before it, or a label could see itself;
 * without time: the row of its key. Buckets that are stamped with their start (the Python mlforge's) count from their
 * end, when all of them is known.
 *
 * A label one interval or more after the last stamp lies beyond the data, whose silence says nothing there.
 */
export async function joinFeature(
  connection: DuckDBConnection,
  opened: Opened,
  rules: Rules & { labels: readonly Column[] },
): Promise<Joined> {
  const { chosen, view, values } = opened;
  const { meta, feature, version } = chosen;
  const pairs = keyPairs(opened, rules.labels, rules.keys);
  const stamped = await stampOf(connection, opened);
  const limit = rules.afterWatermark === "use" ? undefined : await beyondFrom(connection, chosen);
  const beyond = limit === undefined ? "false" : `coalesce(${TIME} >= make_timestamp(${limit}), false)`;
  if (rules.afterWatermark === "error") await refuseBeyond(connection, opened, beyond);
  if (stamped === undefined || meta.mlforge.tool === "python") {
    await requireSingle(connection, opened, stamped);
  }

  const table = quote(`_found_${feature}`);
  const timed = stamped !== undefined;
  const labelKeys = pairs.map(({ label }, i) => `${label} AS k${i}`);
  const featureKeys = pairs.map(({ key }, i) => `${key} AS k${i}`);
  const same = pairs.map((_, i) => `l.k${i} = f.k${i}`).join(" AND ");
  const early = meta.mlforge.stamp === "event" ? "l.t > f.t" : "l.t >= f.t";
  const maxAge = rules.maxAge[feature];
  const old = timed && maxAge !== undefined ? `coalesce(f.t < l.t - to_seconds(${maxAge}), false)` : "false";
  // Only keys that the labels have: the join sorts what it gets.
  await connection.run(`
    CREATE TABLE ${table} AS
    WITH l AS (
      SELECT ${[ROW, ...labelKeys].join(", ")}${
    timed ? `, CASE WHEN NOT ${beyond} THEN ${TIME} END AS t` : ""
  }
      FROM ${LABELS}
    ), f AS (
      SELECT * FROM (
        SELECT ${[PLACE, ...featureKeys].join(", ")}${timed ? `, ${stamped} AS t` : ""} FROM ${view}
      ) f SEMI JOIN l ON ${same}
    )
    SELECT l.${ROW}, CASE WHEN NOT ${old} THEN f.${PLACE} END AS place, ${old} AS old
    FROM l ${timed ? "ASOF " : ""}LEFT JOIN f ON ${same}${timed ? ` AND ${early}` : ""}`);
  const counts = await connection.runAndReadAll(
    `SELECT count(place), count(*), count(*) FILTER (old), (SELECT count(*) FROM ${LABELS} WHERE ${beyond})
     FROM ${table}`,
  );
  const [matched = 0, all = 0, tooOld = 0, outside = 0] = (counts.getRows()[0] ?? []).map(Number);
  const report = {
    feature,
    version,
    columns: values.map(({ output }) => output),
    matched,
    unmatched: all - matched - outside - tooOld,
    beyond: outside,
    too_old: tooOld,
  };
  return { opened, table, report };
}

async function refuseBeyond(
  connection: DuckDBConnection,
  { chosen: { feature, version, meta } }: Opened,
  beyond: string,
): Promise<void> {
  if (beyond === "false") return;
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
