import type { DuckDBConnection } from "@duckdb/node-api";
import { type Column, literal, quote, storableValue } from "../engines/duckdb/types.ts";
import type { OutputFormat } from "./formats.ts";
import type { Joined } from "./join.ts";
import { LABELS, ROW } from "./labels.ts";
import { PLACE } from "./open_feature.ts";

/** The key in Parquet's own metadata under which the lock stands. */
export const LOCK_METADATA = "mlforge_lock";

export interface Rows {
  /** The labels' own columns. */
  labels: readonly Column[];
  joined: Joined;
  /** SQL that stands instead of NULL where a label has no row, by output column. */
  fill: ReadonlyMap<string, string>;
}

/** Writes labels and features in the labels' order: the same rows and options give the same bytes. */
export async function writeRows(
  connection: DuckDBConnection,
  rows: Rows,
  to: { file: string; format: OutputFormat; lock: string },
): Promise<void> {
  const select = selectOf(rows);
  const parquet = `(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880,
    KV_METADATA {${LOCK_METADATA}: ${literal(to.lock)}})`;
  switch (to.format) {
    case "csv":
      await connection.run(`COPY (${select}) TO ${literal(to.file)} (FORMAT csv, HEADER)`);
      return;
    case "parquet":
      await connection.run(`COPY (${select}) TO ${literal(to.file)} ${parquet}`);
      return;
    case "arrow": {
      const whole = `${to.file}.parquet`;
      try {
        await connection.run(`COPY (${select}) TO ${literal(whole)} ${parquet}`);
        const { writeArrow } = await import("./arrow_file.ts");
        await writeArrow(connection, whole, to.file);
      } finally {
        await Deno.remove(whole).catch(() => {});
      }
    }
  }
}

function selectOf({ labels, joined: { table, features }, fill }: Rows): string {
  const own = labels.map((column) => `${storableValue(column, "l")} AS ${quote(column.name)}`);
  const added = features.flatMap(({ opened, place }, i) =>
    opened.values.map((value) => {
      const found = storableValue(value, `f${i}`);
      const instead = fill.get(value.output);
      const sql = instead === undefined
        ? found
        : `CASE WHEN j.${place} IS NULL THEN ${instead} ELSE ${found} END`;
      return `${sql} AS ${quote(value.output)}`;
    })
  );
  const joins = features.map(({ opened, place }, i) =>
    `LEFT JOIN ${opened.view} f${i} ON f${i}.${PLACE} = j.${place}`
  );
  return `SELECT ${[...own, ...added].join(", ")} FROM ${LABELS} l JOIN ${table} j ON j.${ROW} = l.${ROW}
    ${joins.join(" ")} ORDER BY l.${ROW}`;
}
