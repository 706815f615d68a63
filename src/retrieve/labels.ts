import type { DuckDBConnection } from "@duckdb/node-api";
import { engineError } from "../engines/duckdb/errors.ts";
import { textDates } from "../engines/duckdb/text_dates.ts";
import { timeColumn } from "../engines/duckdb/timestamp.ts";
import { type Column, columnsOf, literal, quote } from "../engines/duckdb/types.ts";
import { MlforgeError } from "../error.ts";
import { suggestName } from "../nearest.ts";
import { READERS } from "./formats.ts";
import { type LabelFiles, noLabels } from "./label_files.ts";

/** SQL name of the labels: their own columns, ROW, and TIME once it is added. */
export const LABELS = "_labels";
/** Numbers them from 0, as they came. */
export const ROW = "_mlforge_row";
/** The moment of each label, in UTC. */
export const TIME = "_mlforge_time";

const TABLE = "_label_rows";

/**
 * Loads the files as LABELS, in their own order. A CSV's columns named in `texts` stay text, whatever they look
 * like (a key `007` is not 7), and so do times that do not start with their year. Gives the
 * labels' own columns, and how many there are.
 */
export async function loadLabels(
  connection: DuckDBConnection,
  { format, files, what }: Pick<LabelFiles, "format" | "files" | "what">,
  options: { texts: ReadonlySet<string> },
): Promise<{ columns: Column[]; rows: number }> {
  try {
    const csv = format === "csv";
    const shape = csv ? ["header = true", "sample_size = -1"] : [];
    const list = [
      `[${files.map(literal).join(", ")}]`,
      ...(files.length > 1 ? ["union_by_name = true"] : []),
    ];
    const call = (types: readonly string[]) => {
      const fixed = types.map((name) => `${literal(name)}: 'VARCHAR'`).join(", ");
      const sniffing = fixed === "" ? [] : [`types = {${fixed}}`];
      return `${READERS[format]}(${[...list, ...shape, ...sniffing].join(", ")})`;
    };
    const read = async (types: readonly string[]) =>
      columnsOf(await connection.run(`SELECT * FROM ${call(types)} LIMIT 0`));
    let columns = await read([]);
    const dates = csv ? (await textDates(connection, files, shape)).map(({ name }) => name) : [];
    const keys = columns.map((c) => c.name).filter((name) => csv && options.texts.has(name));
    const types = [...new Set([...keys, ...dates])];
    if (types.length > 0) columns = await read(types);
    // Counting rows takes one thread, and as long as reading them; one Parquet file counts its own.
    const counts = format === "parquet" && files.length === 1 &&
      !columns.some(({ name }) => /^file_row_number$/i.test(name));
    await connection.run(
      `CREATE TABLE ${TABLE} AS ${
        counts
          ? `SELECT * EXCLUDE (file_row_number), file_row_number AS ${ROW}
             FROM read_parquet(${list[0]}, file_row_number = true)`
          : `SELECT *, row_number() OVER () - 1 AS ${ROW} FROM ${call(types)}`
      }`,
    );
    await connection.run(`CREATE VIEW ${LABELS} AS FROM ${TABLE}`);
    // Text without a row has no types, and every key would be of a wrong one; Parquet without a row has.
    const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${LABELS}`);
    const rows = Number(counted.getRows()[0]?.[0]);
    if (format !== "parquet" && rows === 0) throw noLabels(what);
    return { columns, rows };
  } catch (cause) {
    throw engineError(cause, `read the labels "${what}"`);
  }
}

/** Adds TIME to LABELS, by the column that holds the labels' times. */
export async function addTime(connection: DuckDBConnection, column: string): Promise<void> {
  const expression = await timeColumn(connection, { relation: LABELS, column, what: "the labels" });
  const own = expression === quote(column);
  // What has to be computed is computed once; a column that holds moments is not written again.
  if (!own) {
    await connection.run(`ALTER TABLE ${TABLE} ADD COLUMN ${TIME} TIMESTAMP`);
    await connection.run(`UPDATE ${TABLE} SET ${TIME} = ${expression}`);
  }
  await connection.run(
    `CREATE OR REPLACE VIEW ${LABELS} AS SELECT *${own ? `, ${expression} AS ${TIME}` : ""} FROM ${TABLE}`,
  );
}

/** The label column of that name. `what` says what it is for: `key "user_id"`. */
export function requireLabel(columns: readonly Column[], name: string, what: string): Column {
  const found = columns.find((c) => c.name === name);
  if (found !== undefined) return found;
  throw new MlforgeError("usage", `The labels have no column "${name}", needed as ${what}`, {
    hint: suggestName(name, columns.map((c) => c.name)),
  });
}
