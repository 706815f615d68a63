import type { DuckDBConnection } from "@duckdb/node-api";
import { extname } from "node:path";
import { engineError } from "../engines/duckdb/errors.ts";
import { textDates } from "../engines/duckdb/text_dates.ts";
import { timeColumn } from "../engines/duckdb/timestamp.ts";
import { type Column, columnsOf, literal } from "../engines/duckdb/types.ts";
import { MlforgeError } from "../error.ts";
import { suggestName } from "../nearest.ts";

/** SQL name of the table of labels; `row` numbers them from 0, as they came. */
export const LABELS = "_labels";
/** Columns of that table beside the labels' own. */
export const ROW = "_mlforge_row";
export const TIME = "_mlforge_time";

const READERS: Record<string, string> = {
  ".parquet": "read_parquet",
  ".csv": "read_csv",
  ".tsv": "read_csv",
  ".json": "read_json",
  ".jsonl": "read_json",
  ".ndjson": "read_json",
};

/**
 * Loads the file into the table LABELS, in its own order. A CSV's columns named in `texts` stay text, whatever they look
 * like (a key `007` is not 7), and so do times that do not start with their year. Returns the labels' own columns.
 */
export async function loadLabels(
  connection: DuckDBConnection,
  file: string,
  options: { texts: ReadonlySet<string> },
): Promise<Column[]> {
  const reader = READERS[extname(file).toLowerCase()];
  if (reader === undefined) {
    throw new MlforgeError("usage", `Can't tell the format of the labels "${file}"`, {
      hint: `Give them in a file that ends in ${Object.keys(READERS).join(", ")}.`,
    });
  }
  await requireFile(file);
  try {
    const csv = reader === "read_csv";
    const shape = csv ? ["header = true", "sample_size = -1"] : [];
    const call = (types: readonly string[]) => {
      const fixed = types.map((name) => `${literal(name)}: 'VARCHAR'`).join(", ");
      const sniffing = fixed === "" ? [] : [`types = {${fixed}}`];
      return `${reader}(${[`[${literal(file)}]`, ...shape, ...sniffing].join(", ")})`;
    };
    const read = async (types: readonly string[]) =>
      columnsOf(await connection.run(`SELECT * FROM ${call(types)} LIMIT 0`));
    let columns = await read([]);
    const dates = csv ? (await textDates(connection, [file], shape)).map(({ name }) => name) : [];
    const keys = columns.map((c) => c.name).filter((name) => csv && options.texts.has(name));
    const types = [...new Set([...keys, ...dates])];
    if (types.length > 0) columns = await read(types);
    await connection.run(
      `CREATE TABLE ${LABELS} AS SELECT *, row_number() OVER () - 1 AS ${ROW} FROM ${call(types)}`,
    );
    // Text without a row has no types, and every key would be of a wrong one; Parquet without a row has.
    const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${LABELS}`);
    if (reader !== "read_parquet" && Number(counted.getRows()[0]?.[0]) === 0) throw noLabels(file);
    return columns;
  } catch (cause) {
    throw engineError(cause, `read the labels "${file}"`);
  }
}

/** Adds the column TIME to LABELS: the moment of each label, in UTC. */
export async function addTime(connection: DuckDBConnection, column: string): Promise<void> {
  const expression = await timeColumn(connection, { relation: LABELS, column, what: "the labels" });
  await connection.run(`ALTER TABLE ${LABELS} ADD COLUMN ${TIME} TIMESTAMP`);
  await connection.run(`UPDATE ${LABELS} SET ${TIME} = ${expression}`);
}

/** The label column of that name. `what` says what it is for: `key "user_id"`. */
export function requireLabel(columns: readonly Column[], name: string, what: string): Column {
  const found = columns.find((c) => c.name === name);
  if (found !== undefined) return found;
  throw new MlforgeError("usage", `The labels have no column "${name}", needed as ${what}`, {
    hint: suggestName(name, columns.map((c) => c.name)),
  });
}

async function requireFile(file: string): Promise<void> {
  const found = await Deno.stat(file).catch((cause: unknown) => {
    throw new MlforgeError("usage", `Can't read the labels "${file}"`, {
      cause,
      hint: cause instanceof Deno.errors.NotFound ? "There is no such file." : "Is it readable?",
    });
  });
  if (!found.isFile) throw new MlforgeError("usage", `The labels "${file}" are not a file`);
  if (found.size === 0) throw noLabels(file);
}

function noLabels(file: string): MlforgeError {
  return new MlforgeError("usage", `There are no labels in "${file}"`, {
    hint: "It needs a row for each moment of each key to get features for.",
  });
}
