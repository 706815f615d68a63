import type { DuckDBConnection } from "@duckdb/node-api";
import { type Column, literal } from "./types.ts";

/** A CSV's column that the reader takes for times, in a format that does not start with the year. */
export interface TextDate extends Column {
  /** What the reader guessed, in strptime's letters. */
  format: string;
}

/**
 * DuckDB's CSV reader takes 03/04/2024 for a DATE, the day first, and says nothing. Which of the two is the day is not
 * for a reader to guess: such columns are found here, to be read as text. `options` are those of read_csv, but types.
 */
export async function textDates(
  connection: DuckDBConnection,
  files: readonly string[],
  options: readonly string[],
): Promise<TextDate[]> {
  const all = new Map<string, TextDate>();
  for (const file of files) {
    const found = new Map<string, TextDate>();
    // With some columns known to be text, the reader may guess another format for the others.
    for (;;) {
      const odd = (await sniff(connection, file, [...options, ...asText([...found.keys()])]))
        .filter(({ name }) => !found.has(name));
      if (odd.length === 0) break;
      for (const column of odd) found.set(column.name, column);
    }
    for (const [name, column] of found) all.set(name, column);
  }
  return [...all.values()];
}

/** The option of read_csv that keeps these columns as text. */
function asText(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [`types = {${names.map((name) => `${literal(name)}: 'VARCHAR'`).join(", ")}}`];
}

async function sniff(
  connection: DuckDBConnection,
  file: string,
  options: readonly string[],
): Promise<TextDate[]> {
  const reader = await connection.runAndReadAll(
    `SELECT c.name, c.type, CASE c.type WHEN 'DATE' THEN DateFormat ELSE TimestampFormat END, Quote
     FROM (SELECT unnest(Columns) AS c, Quote, DateFormat, TimestampFormat FROM sniff_csv(${
      [literal(file), ...options].join(", ")
    }))`,
  );
  const columns = reader.getRows().map((row) => {
    const [name, type, format, quote] = row;
    // Without a format it is read as ISO 8601.
    return { name: String(name), type: String(type), format: String(format ?? "%Y"), quote };
  });
  const [only] = columns;
  const guessed = only?.quote === "(empty)" && !options.some((option) => option.startsWith("delim"));
  if (columns.length === 1 && guessed) await requireOneColumn(connection, file, only.name);
  return columns.filter(({ type, format }) =>
    ["DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"].includes(type) && !format.startsWith("%Y")
  );
}

/**
 * Where one row has not as many values as the others, DuckDB's reader settles for a single column named `id,at,amount`.
 * Reading what the header says tells which row that is.
 */
async function requireOneColumn(connection: DuckDBConnection, file: string, header: string): Promise<void> {
  const delimiter = /[,;\t|]/.exec(header)?.[0];
  if (delimiter === undefined) return;
  const columns = header.split(delimiter).map((_, at) => `c${at}: 'VARCHAR'`).join(", ");
  await connection.run(
    `SELECT count(*) FROM read_csv(${literal(file)}, auto_detect = false, header = true, delim = ${
      literal(delimiter)
    }, quote = '"', escape = '"', columns = {${columns}})`,
  );
}
