import type { DuckDBConnection } from "@duckdb/node-api";
import { quote } from "../types.ts";

/** A column's values as codes 0, 1, 2, ... in the values' own order: an ENUM of their texts. */
export interface Dictionary {
  /** Name of the ENUM, quoted. */
  type: string;
  size: number;
  /** A value's code, NULL for NULL. */
  code: string;
  /** The column as the ENUM. */
  encoded: string;
  /** From a column of the ENUM back to the column's own type. */
  decode(column: string): string;
}

/**
 * Makes the dictionary of one column. Text round-trips exactly for every type that it is used for; and an ENUM keeps
 * order, so that no join and no sort are needed to get the values back.
 */
export async function makeDictionary(
  connection: DuckDBConnection,
  relation: string,
  column: { name: string; type: string },
  id: string,
): Promise<Dictionary> {
  const type = quote(id);
  // -0 and 0 are one value, and must be one text.
  const float = column.type === "DOUBLE" || column.type === "FLOAT";
  const value = float ? `CAST(${quote(column.name)} + 0 AS ${column.type})` : quote(column.name);
  const distinct = `SELECT DISTINCT ${value} AS value FROM ${relation} WHERE ${
    quote(column.name)
  } IS NOT NULL`;
  const table = quote(`${id}_values`);
  await connection.run(
    `CREATE TABLE ${table} AS SELECT CAST(value AS VARCHAR) AS v FROM (${distinct}) ORDER BY value`,
  );
  const sorted = await connection.runAndReadAll(`SELECT count(*) FROM ${table}`);
  const size = Number(sorted.getRows()[0]?.[0] ?? 0);
  // An ENUM of no values can't be made; no value will ever look for one.
  await connection.run(`CREATE TYPE ${type} AS ENUM ${size === 0 ? "('')" : `(SELECT v FROM ${table})`}`);
  await connection.run(`DROP TABLE ${table}`);
  const encoded = `CAST(CAST(${value} AS VARCHAR) AS ${type})`;
  return {
    type,
    size: Math.max(1, size),
    encoded,
    code: `enum_code(${encoded})`,
    decode: (state) => `CAST(CAST(${state} AS VARCHAR) AS ${column.type})`,
  };
}

/** Bytes that DuckDB's code of an ENUM takes. */
export function enumWidth(size: number): 1 | 2 | 4 {
  return size <= 0xff ? 1 : size <= 0xffff ? 2 : 4;
}
