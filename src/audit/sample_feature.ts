import type { DuckDBConnection } from "@duckdb/node-api";
import { literal, quote } from "../engines/duckdb/types.ts";
import type { Chosen } from "../retrieve/choose.ts";
import { EXAMPLES, keyOf, textOf } from "./compare.ts";
import { keyColumns, type Raw } from "./raw.ts";
import type { RowsAudit } from "./report.ts";
import type { Asked, AskedColumn } from "./theory.ts";

/** Rows of a key, on average: enough for its first and last, and one that an event enters at and one it leaves at. */
const ROWS_OF_KEY = 4;

export interface SampleOptions {
  /** Rows, at most. */
  sample: number;
  /** The same seed takes the same rows of the same data. */
  seed: number;
}

/**
 * Writes all published rows of a sample of keys to the Parquet file `to`. Keys of few rows and of many are taken alike:
 * a quarter of them from each quarter of the keys.
 */
export async function sampleKeys(
  connection: DuckDBConnection,
  { file, meta }: Chosen,
  { sample, seed, to }: SampleOptions & { to: string },
): Promise<void> {
  const keys = meta.keys.map(quote).join(", ");
  const rowsOfKey = meta.mlforge.stamp === "none" ? 1 : ROWS_OF_KEY;
  const quarter = Math.ceil(sample / rowsOfKey / 4);
  const data = `read_parquet([${literal(file)}])`;
  await connection.run(
    `COPY (
      SELECT p.* FROM ${data} p SEMI JOIN (
        SELECT ${keys} FROM (
          SELECT *, ntile(4) OVER (ORDER BY number_of_rows, ${keys}) AS quarter
          FROM (SELECT ${keys}, count(*) AS number_of_rows FROM ${data} GROUP BY ${keys})
        ) QUALIFY row_number() OVER (PARTITION BY quarter ORDER BY hash(${keys}, ${seed}), ${keys}) <= ${quarter}
      ) s ON ${meta.keys.map((key) => `p.${quote(key)} = s.${quote(key)}`).join(" AND ")}
    ) TO ${literal(to)} (FORMAT parquet)`,
  );
}

const PUBLISHED = "_mlforge_audit_published";
const BOTH = "_mlforge_audit_both";
const ASKED = "_mlforge_audit_asked";

/** The published rows of the sampled keys, out of that file: SQL name of a table of keys, `moment`, and `p0`, `p1`, ... */
export async function readSampled(
  connection: DuckDBConnection,
  { meta }: Chosen,
  { file, columns }: { file: string; columns: readonly AskedColumn[] },
): Promise<string> {
  const timed = meta.mlforge.stamp !== "none" && meta.timestamp !== null;
  const list = [
    ...meta.keys.map((key, i) => `${quote(key)} AS k${i}`),
    `${timed ? quote(meta.timestamp ?? "") : "CAST(NULL AS TIMESTAMP)"} AS moment`,
    ...columns.map(({ name }, i) => `${quote(name)} AS p${i}`),
  ];
  await connection.run(
    `CREATE TABLE ${PUBLISHED} AS SELECT ${list.join(", ")} FROM read_parquet(${literal(file)})`,
  );
  return PUBLISHED;
}

/** Compares which rows are published of the sampled keys with those that there should be. */
export async function compareRows(connection: DuckDBConnection, { task, stamps }: Raw): Promise<RowsAudit> {
  const keys = keyColumns(task.keys);
  const same = [...keys.map((key) => `p.${key} = x.${key}`), "p.moment IS NOT DISTINCT FROM x.stamp"];
  await connection.run(
    `CREATE TABLE ${BOTH} AS
     SELECT ${
      keys.map((key) => `coalesce(p.${key}, x.${key}) AS ${key}`).join(", ")
    }, coalesce(p.moment, x.stamp) AS moment,
       p.k0 IS NOT NULL AS published, x.k0 IS NOT NULL AS expected, x.enters, x.leaves, p.* EXCLUDE (${
      keys.join(", ")
    }, moment)
     FROM ${PUBLISHED} p FULL JOIN ${stamps} x ON ${same.join(" AND ")}`,
  );
  const counts = await connection.runAndReadAll(
    `SELECT count(*), count(*) FILTER (NOT published), count(*) FILTER (NOT expected) FROM ${BOTH}`,
  );
  const [sampled = 0, missing = 0, extra = 0] = (counts.getRows()[0] ?? []).map(Number);
  const shown = task.keys.map((key, i) =>
    task.hidden.includes(key) ? "'(hidden)'" : `CAST(k${i} AS VARCHAR)`
  );
  const found = await connection.runAndReadAll(
    `SELECT CAST(moment AS VARCHAR), expected, ${shown.join(", ")} FROM ${BOTH}
     WHERE NOT published OR NOT expected ORDER BY ${keys.join(", ")}, moment LIMIT ${EXAMPLES}`,
  );
  const examples = found.getRows().map(([at, expected, ...values]) => ({
    key: keyOf(task.keys, values),
    at: textOf(at),
    is: expected === true ? "missing" as const : "extra" as const,
  }));
  return { sampled, missing, extra, examples };
}

/**
 * Of the sampled keys' published rows those whose values are compared. In turn: rows that should not be there, first and last
 * ones of a key, ones where events enter, leave, or both; and of each kind one of every key before a second one.
 */
export async function askRows(
  connection: DuckDBConnection,
  { task }: Raw,
  columns: readonly AskedColumn[],
  { sample, seed }: SampleOptions,
): Promise<Asked> {
  const keys = keyColumns(task.keys).join(", ");
  await connection.run(
    `CREATE TABLE ${ASKED} AS
     WITH kinds AS (
       SELECT *, hash(${keys}, moment, ${seed}) AS chance, CASE
         WHEN NOT expected THEN 0
         WHEN moment = min(moment) OVER of_key THEN 1
         WHEN moment = max(moment) OVER of_key THEN 2
         WHEN enters AND leaves THEN 3 WHEN leaves THEN 4 ELSE 5 END AS kind
       FROM ${BOTH} WHERE published WINDOW of_key AS (PARTITION BY ${keys})
     ), turns AS (
       SELECT *, row_number() OVER (PARTITION BY kind, ${keys} ORDER BY chance, moment) AS turn FROM kinds
     ), places AS (
       SELECT *, row_number() OVER (PARTITION BY kind ORDER BY turn, chance, ${keys}, moment) AS place FROM turns
     ), taken AS (SELECT * FROM places ORDER BY place, kind LIMIT ${sample})
     SELECT row_number() OVER (ORDER BY ${keys}, moment) AS n,
       * EXCLUDE (published, expected, enters, leaves, chance, kind, turn, place) FROM taken`,
  );
  return { table: ASKED, columns: [...columns] };
}
