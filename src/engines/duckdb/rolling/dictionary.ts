import type { DuckDBConnection } from "@duckdb/node-api";
import { quote } from "../types.ts";

/** The texts of a column, numbered in their order; they travel as numbers, and come out as an ENUM of the same codes. */
export interface Dictionary {
  /** Column of the relation. */
  column: string;
  /** Name of the table: `word`, `code`. */
  table: string;
  /** Name of the ENUM type. */
  type: string;
}

/**
 * Makes table and type. Codes are as wide as the ENUM's. A join finds a text's code three times as fast as a cast to
 * the ENUM does.
 */
export async function makeDictionary(
  connection: DuckDBConnection,
  relation: string,
  column: string,
  name: string,
): Promise<Dictionary> {
  const text = `CAST(${quote(column)} AS VARCHAR)`;
  const dictionary = { column, table: `${name}_words`, type: `${name}_text` };
  // DuckDB makes no ENUM without a word: where there is none, nothing refers to this one.
  await connection.run(
    `CREATE TABLE ${dictionary.table} AS
     SELECT word, row_number() OVER (ORDER BY word) - 1 AS code
     FROM (SELECT DISTINCT ${text} AS word FROM ${relation} WHERE ${quote(column)} IS NOT NULL)`,
  );
  const words = Number(
    (await connection.runAndReadAll(`SELECT count(*) FROM ${dictionary.table}`)).getRows()[0]?.[0],
  );
  if (words === 0) await connection.run(`INSERT INTO ${dictionary.table} VALUES ('', 0)`);
  await connection.run(
    `CREATE TYPE ${dictionary.type} AS ENUM (SELECT word FROM ${dictionary.table} ORDER BY code)`,
  );
  const width = words <= 0xff ? "UTINYINT" : words <= 0xffff ? "USMALLINT" : "UINTEGER";
  await connection.run(`ALTER TABLE ${dictionary.table} ALTER code TYPE ${width}`);
  return dictionary;
}

export async function dropDictionary(connection: DuckDBConnection, dictionary: Dictionary): Promise<void> {
  await connection.run(`DROP TYPE IF EXISTS ${dictionary.type}`);
  await connection.run(`DROP TABLE IF EXISTS ${dictionary.table}`);
}
