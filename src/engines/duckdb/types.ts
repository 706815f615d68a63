import type { DuckDBType } from "@duckdb/node-api";
import type { DuckDBResult } from "@duckdb/node-api";
import type { MetaColumn } from "../../publish/meta.ts";

/** A column of a relation, as DuckDB names its type (`BIGINT`, `DECIMAL(18,2)`, `VARCHAR`, ...). */
export interface Column {
  name: string;
  type: string;
}

/** DuckDB's type names -> Arrow's, for the types that have no parameters. */
const ARROW_NAMES: Record<string, string> = {
  BOOLEAN: "bool",
  TINYINT: "int8",
  SMALLINT: "int16",
  INTEGER: "int32",
  BIGINT: "int64",
  UTINYINT: "uint8",
  USMALLINT: "uint16",
  UINTEGER: "uint32",
  UBIGINT: "uint64",
  FLOAT: "float32",
  DOUBLE: "float64",
  DATE: "date32",
  TIME: "time64[us]",
  TIMESTAMP: "timestamp[us]",
  TIMESTAMP_S: "timestamp[ms]",
  TIMESTAMP_MS: "timestamp[ms]",
  TIMESTAMP_NS: "timestamp[ns]",
  "TIMESTAMP WITH TIME ZONE": "timestamp[us, UTC]",
  "TIME WITH TIME ZONE": "time64[us]",
  VARCHAR: "utf8",
  JSON: "utf8",
  BLOB: "binary",
  UUID: "fixed_size_binary(16)",
  INTERVAL: "interval",
};

/** The Arrow name of a DuckDB type: what `dtype` in metadata says. Nested types keep DuckDB's own words. */
export function arrowName(type: string): string {
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(type);
  if (decimal) return `decimal128(${decimal[1]}, ${decimal[2]})`;
  if (type.startsWith("ENUM(")) return "utf8";
  if (type.endsWith("[]")) return `list<${arrowName(type.slice(0, -2))}>`;
  return ARROW_NAMES[type] ?? type.toLowerCase();
}

export function metaColumns(columns: readonly Column[]): MetaColumn[] {
  return columns.map(({ name, type }) => ({ name, dtype: arrowName(type) }));
}

/** The columns of a result. */
export function columnsOf(result: Pick<DuckDBResult, "columnNames" | "columnTypes">): Column[] {
  const types: DuckDBType[] = result.columnTypes();
  return result.columnNames().map((name, i) => ({ name, type: String(types[i]) }));
}

/**
 * How a column is written, where Parquet has no such type: 128-bit integers (what DuckDB's sum() of integers gives) as
 * 64-bit ones, since Parquet would hold them as floats; a value that does not fit is an error. ENUMs as their text.
 */
export function storable(column: Column): string {
  const value = storableValue(column);
  return value === quote(column.name) ? value : `${value} AS ${quote(column.name)}`;
}

/** As `storable`, without a name of its own; `table` says whose column it is. */
export function storableValue({ name, type }: Column, table?: string): string {
  const value = table === undefined ? quote(name) : `${table}.${quote(name)}`;
  if (type === "HUGEINT" || type === "UHUGEINT") return `CAST(${value} AS BIGINT)`;
  return type.startsWith("ENUM(") ? `CAST(${value} AS VARCHAR)` : value;
}

/** An identifier in SQL. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text in SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
