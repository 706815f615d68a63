import duckdb, { type DataChunk, type LogicalType } from "@duckdb/node-bindings";

/** How DuckDB holds the values of a fixed-width type in memory; little-endian, two's complement. */
export type Physical =
  | "u8"
  | "i8"
  | "u16"
  | "i16"
  | "u32"
  | "i32"
  | "u64"
  | "i64"
  | "u128"
  | "i128"
  | "f32"
  | "f64";

/** Bytes a value. */
export const WIDTHS: Readonly<Record<Physical, 1 | 2 | 4 | 8 | 16>> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  u64: 8,
  i64: 8,
  u128: 16,
  i128: 16,
  f32: 4,
  f64: 8,
};

/** Rows that a vector of DuckDB holds. */
export const VECTOR = 2048;

const { Type } = duckdb;

const OF_TYPE: ReadonlyMap<number, Physical> = new Map<number, Physical>([
  [Type.BOOLEAN, "u8"],
  [Type.UTINYINT, "u8"],
  [Type.TINYINT, "i8"],
  [Type.USMALLINT, "u16"],
  [Type.SMALLINT, "i16"],
  [Type.UINTEGER, "u32"],
  [Type.INTEGER, "i32"],
  [Type.DATE, "i32"],
  [Type.UBIGINT, "u64"],
  [Type.BIGINT, "i64"],
  [Type.TIME, "i64"],
  [Type.TIMESTAMP, "i64"],
  [Type.TIMESTAMP_S, "i64"],
  [Type.TIMESTAMP_MS, "i64"],
  [Type.TIMESTAMP_NS, "i64"],
  [Type.TIMESTAMP_TZ, "i64"],
  [Type.UHUGEINT, "u128"],
  [Type.HUGEINT, "i128"],
  // The highest bit of a UUID is flipped in memory, so that signed order is the order of UUIDs.
  [Type.UUID, "i128"],
  [Type.FLOAT, "f32"],
  [Type.DOUBLE, "f64"],
]);

/** The physical type of a column, asked of DuckDB itself where it depends on a parameter (digits, number of words). */
export function physicalOf(type: LogicalType): Physical {
  const id = duckdb.get_type_id(type);
  const inner = id === Type.DECIMAL
    ? duckdb.decimal_internal_type(type)
    : id === Type.ENUM
    ? duckdb.enum_internal_type(type)
    : id;
  const physical = OF_TYPE.get(inner);
  if (physical === undefined) throw new Error(`DuckDB's type ${id} has no fixed width`);
  return physical;
}

export function physicalOfColumn(chunk: DataChunk, column: number): Physical {
  return physicalOf(duckdb.vector_get_column_type(duckdb.data_chunk_get_vector(chunk, column)));
}

/**
 * Writes the first `rows` values of a chunk's column, and which of them are NULL: the only place that writes into
 * DuckDB's memory. The binding checks no bounds, so type and sizes are checked here.
 */
export function writeColumn(
  chunk: DataChunk,
  column: number,
  physical: Physical,
  bytes: Uint8Array<ArrayBuffer>,
  rows: number,
  nulls: Uint8Array | undefined,
): void {
  const actual = physicalOfColumn(chunk, column);
  const size = rows * WIDTHS[physical];
  if (actual !== physical || rows > VECTOR || bytes.length < size) {
    throw new Error(
      `Can't write ${rows} rows as ${physical} in ${bytes.length} bytes to a column of ${actual}`,
    );
  }
  const vector = duckdb.data_chunk_get_vector(chunk, column);
  duckdb.copy_data_to_vector(vector, 0, bytes.buffer, bytes.byteOffset, size);
  if (nulls === undefined || !nulls.subarray(0, rows).includes(1)) return;
  const bits = new Uint8Array(VECTOR / 8).fill(0xff);
  for (let row = 0; row < rows; row++) {
    if (nulls[row] === 1) bits[row >> 3] = (bits[row >> 3] ?? 0) & ~(1 << (row & 7));
  }
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, bits.buffer, 0, bits.length);
}
