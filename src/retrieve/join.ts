import type { DuckDBConnection } from "@duckdb/node-api";
import type { Column } from "../engines/duckdb/types.ts";
import { LABELS, ROW } from "./labels.ts";
import type { Opened } from "./open_feature.ts";
import type { Read } from "./remote_data.ts";
import type { Rules } from "./rules.ts";
import { type Search, searchFor } from "./search.ts";

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
  /** Where its data lies in a bucket and is not on this computer: what was read of it. */
  read?: Read;
}

/** Features whose rows have been found: `table` has for each ROW the places of the features' rows, or NULL. */
export interface Joined {
  table: string;
  features: { opened: Opened; place: string; report: FeatureReport }[];
}

/**
 * Finds each label's rows by their places in the files alone: what is sorted stays thin, whatever the features hold. With
 * buckets: the newest row stamped at or before the label's time; with event times: strictly before it, or a label could
 * see itself; without time: the row of its key. Buckets that are stamped with their start (the Python mlforge's) count
 * from their end, when all of them is known.
 *
 * A label one interval or more after the last stamp lies beyond the data, whose silence says nothing there.
 */
export async function joinFeatures(
  connection: DuckDBConnection,
  opened: readonly Opened[],
  rules: Rules & { labels: { columns: readonly Column[]; rows: number } },
): Promise<Joined> {
  const table = "_found";
  const asked = new Map<string, string>();
  const searches: Search[] = [];
  for (const [i, one] of opened.entries()) {
    searches.push(await searchFor(connection, one, { ...rules, asked, at: i }));
  }
  const labels = [ROW, ...[...asked].map(([sql, name]) => `${sql} AS ${name}`)];
  // One join after the other: a table of its own for each feature would have to be joined again by ROW.
  await connection.run(`
    CREATE TABLE ${table} AS
    SELECT ${[`l.${ROW}`, ...searches.flatMap(({ found }) => found)].join(", ")}
    FROM (SELECT ${labels.join(", ")} FROM ${LABELS}) l ${searches.map(({ join }) => join).join(" ")}`);
  const counted = await connection.runAndReadAll(
    `SELECT ${searches.flatMap(({ counts }) => counts).join(", ")} FROM ${table}`,
  );
  const [counts = []] = counted.getRows();
  const features = searches.map((search, i) => {
    const one = opened[i]!;
    const [matched = 0, tooOld = 0, beyond = 0] = counts.slice(3 * i, 3 * i + 3).map(Number);
    const { chosen: { feature, version }, values } = one;
    const report = {
      feature,
      version,
      columns: values.map(({ output }) => output),
      matched,
      unmatched: rules.labels.rows - matched - beyond - tooOld,
      beyond,
      too_old: tooOld,
    };
    return { opened: one, place: search.place, report };
  });
  return { table, features };
}
