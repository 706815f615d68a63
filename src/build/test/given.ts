import type { DuckDBConnection } from "@duckdb/node-api";
import type { Source } from "../../definitions/model.ts";
import { messageOf } from "../../engines/duckdb/errors.ts";
import { readSource } from "../../engines/duckdb/sources.ts";
import { type Column, columnsOf, literal, quote } from "../../engines/duckdb/types.ts";
import { MlforgeError } from "../../error.ts";
import { suggestName } from "../../nearest.ts";
import { join } from "../../path.ts";
import type { SourcePlace } from "../find_files.ts";
import { sourceTask } from "../sources.ts";
import type { Given, TestCase, Value } from "./cases.ts";

/**
 * A source whose rows are those of a test, in a file of `folder`. They have the columns and types of the real source where
 * its files are here; else the types it declares, and what the values look like.
 */
export async function givenSource(
  connection: DuckDBConnection,
  source: Source,
  test: TestCase,
  { folder, place }: { folder: string; place: SourcePlace },
): Promise<Source> {
  const given = test.rows[source.name] ?? { kind: "rows", rows: [] };
  const columns = await realColumns(connection, source, place);
  const { name, timezone, fold, watermark, knownAt, rowId } = source;
  const kept = {
    name,
    place: source.place,
    ...(timezone === undefined ? {} : { timezone }),
    ...(fold === undefined ? {} : { fold }),
    ...(watermark === undefined ? {} : { watermark }),
    ...(knownAt === undefined ? {} : { knownAt }),
    ...(rowId === undefined ? {} : { rowId }),
  };
  if (columns === undefined) {
    const types = source.types === undefined ? {} : { types: source.types };
    if (given.kind === "csv") return { ...kept, ...types, path: given.file, format: "csv", header: true };
    if (given.rows.length === 0) {
      throw new MlforgeError(
        "usage",
        `Test "${test.name}" gives no rows of source "${name}", whose files are not here`,
        {
          place: test.place,
          hint: "Give a row: without it, the source's columns are not known.",
        },
      );
    }
    const file = join(folder, `${name}.json`);
    await Deno.writeTextFile(file, JSON.stringify(given.rows));
    return { ...kept, ...types, path: file, format: "json" };
  }
  const file = join(folder, `${name}.parquet`);
  await writeRows(connection, { given, columns, source: name, test, file });
  return { ...kept, path: file, format: "parquet" };
}

/** Undefined where the source's files are elsewhere, or in a bucket. */
async function realColumns(
  connection: DuckDBConnection,
  source: Source,
  place: SourcePlace,
): Promise<Column[] | undefined> {
  if (/^[a-z0-9]+:\/\//i.test(source.path)) return undefined;
  const task = await sourceTask(source, place).catch(() => undefined);
  if (task === undefined) return undefined;
  return columnsOf(await connection.run(`${await readSource(connection, task)} LIMIT 0`));
}

async function writeRows(
  connection: DuckDBConnection,
  { given, columns, source, test, file }: {
    given: Given;
    columns: readonly Column[];
    source: string;
    test: TestCase;
    file: string;
  },
): Promise<void> {
  const { names, from } = await textRows(connection, given);
  const unknown = names.find((name) => !columns.some((column) => column.name === name));
  if (unknown !== undefined) {
    throw new MlforgeError(
      "usage",
      `Test "${test.name}" gives a column "${unknown}" that source "${source}" does not have`,
      {
        place: test.place,
        hint: suggestName(unknown, columns.map(({ name }) => name)),
      },
    );
  }
  // What a test does not give is NULL.
  const list = columns.map(({ name, type }) =>
    `CAST(${names.includes(name) ? castable(name, type) : "NULL"} AS ${type}) AS ${quote(name)}`
  );
  try {
    await connection.run(
      `COPY (SELECT ${list.join(", ")} FROM ${from}) TO ${literal(file)} (FORMAT parquet)`,
    );
  } catch (cause) {
    throw new MlforgeError(
      "usage",
      `Rows of source "${source}" in test "${test.name}" don't fit: ${messageOf(cause)}`,
      {
        place: test.place,
        hint: `It has the columns ${columns.map(({ name, type }) => `${name} ${type}`).join(", ")}.`,
        cause,
      },
    );
  }
}

/** Lists and structs are written as JSON. */
function castable(name: string, type: string): string {
  return /\[|^(STRUCT|MAP)/.test(type) ? `CAST(${quote(name)} AS JSON)` : quote(name);
}

/** Rows with all values as text: what to select from, and the names of their columns. */
export async function textRows(
  connection: DuckDBConnection,
  given: Given,
): Promise<{ names: string[]; from: string }> {
  if (given.kind === "csv") {
    const from = `read_csv(${literal(given.file)}, all_varchar = true, header = true)`;
    try {
      return { names: (await connection.run(`SELECT * FROM ${from} LIMIT 0`)).columnNames(), from };
    } catch (cause) {
      throw new MlforgeError("usage", `Can't read "${given.file}" as CSV: ${messageOf(cause)}`, { cause });
    }
  }
  const names = [...new Set(given.rows.flatMap((row) => Object.keys(row)))];
  if (names.length === 0) return { names, from: "(SELECT 1 WHERE false)" };
  const rows = given.rows.map((row) => `(${names.map((name) => textOf(row[name] ?? null)).join(", ")})`);
  const empty = `SELECT ${
    names.map((name) => `CAST(NULL AS VARCHAR) AS ${quote(name)}`).join(", ")
  } WHERE false`;
  return { names, from: `(${empty} UNION ALL SELECT * FROM (VALUES ${rows.join(", ")}))` };
}

function textOf(value: Value): string {
  if (value === null) return "CAST(NULL AS VARCHAR)";
  return literal(typeof value === "object" ? JSON.stringify(value) : String(value));
}
