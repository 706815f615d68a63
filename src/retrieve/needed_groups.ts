import type { DuckDBConnection } from "@duckdb/node-api";
import { type Column, literal } from "../engines/duckdb/types.ts";
import { keyPairs } from "./key_pairs.ts";
import { LABELS, TIME } from "./labels.ts";
import type { Opened } from "./open_feature.ts";
import type { Rules } from "./rules.ts";

/** A row group of a file, and whether a label can need a row of it. */
export interface Group {
  /** Place of its first row in the file. */
  first: number;
  rows: number;
  needed: boolean;
}

/** Types whose statistics DuckDB shows in words that it reads back as the same value. */
const READ_BACK = /^(VARCHAR|DATE|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|TIMESTAMP.*)$/;

/**
 * The row groups of a feature's file, by its footer alone: data is sorted by key and time, so that few of them hold a key's
 * rows. Needed is what may hold the first key of a label, and a time not after it; what the footer does not tell is.
 */
export async function neededGroups(
  connection: DuckDBConnection,
  opened: Opened,
  { keys, time, labels }: Pick<Rules, "keys" | "time"> & { labels: { columns: readonly Column[] } },
): Promise<Group[]> {
  const { chosen: { file, meta }, columns } = opened;
  const statistic = (which: "min" | "max", name: string | null | undefined) => {
    const type = columns.find((column) => column.name === name)?.type ?? "";
    if (!READ_BACK.test(type)) return "NULL";
    return `${which}(TRY_CAST(stats_${which}_value AS ${type})) FILTER (path_in_schema = ${
      literal(name ?? "")
    })`;
  };
  const timed = meta.mlforge.stamp !== "none" && time !== undefined;
  const [pair] = keyPairs(opened, labels.columns, keys);
  // Of the newest label of a key: an older one can't need more.
  const asked = `SELECT ${pair?.label} AS k, ${
    timed ? `max(${TIME})` : "NULL::TIMESTAMP"
  } AS t FROM ${LABELS} GROUP BY 1`;
  const reader = await connection.runAndReadAll(`
    WITH asked AS (${asked}), groups AS (
      SELECT row_group_id AS id, any_value(row_group_num_rows) AS rows, ${
    statistic("min", meta.keys[0])
  } AS least,
        ${statistic("max", meta.keys[0])} AS most, ${
    timed ? statistic("min", meta.timestamp) : "NULL"
  } AS earliest
      FROM parquet_metadata(${literal(file)}) GROUP BY id
    ), needed AS (
      SELECT DISTINCT id FROM groups, asked
      WHERE k >= coalesce(least, k) AND k <= coalesce(most, k) AND (earliest IS NULL OR t >= earliest)
    )
    SELECT sum(rows) OVER (ORDER BY id) - rows, rows, id IN (FROM needed) FROM groups ORDER BY id`);
  return reader.getRows().map(([first, rows, needed]) => ({
    first: Number(first),
    rows: Number(rows),
    needed: needed === true,
  }));
}
