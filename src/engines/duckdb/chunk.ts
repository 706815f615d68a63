import type { DuckDBDataChunk } from "@duckdb/node-api";
import type { DataChunk } from "@duckdb/node-bindings";
import duckdb from "@duckdb/node-bindings";

/** One column of a chunk as DuckDB holds it: valid until the next chunk is fetched. */
export interface RawColumn {
  /** `rows * width` bytes, little-endian; what stands under a NULL is undefined. */
  data: Uint8Array;
  /** A bit a row, lowest first, 1 for a value; undefined where there is no NULL. */
  validity: Uint8Array | undefined;
}

/**
 * The raw bytes of a fixed-width column. `width` must be the type's physical width: node-api checks no bounds here, so
 * it is derived from the type in one place only (`physicalWidth`).
 */
export function rawColumn(chunk: DuckDBDataChunk, column: number, width: number): RawColumn {
  // node-api declares the chunk's handle private; the bindings below it are public and take it.
  const handle = (chunk as unknown as { chunk: DataChunk }).chunk;
  const vector = duckdb.data_chunk_get_vector(handle, column);
  const rows = chunk.rowCount;
  const words = Math.ceil(rows / 64) * 8;
  return {
    data: duckdb.vector_get_data(vector, rows * width),
    validity: duckdb.vector_get_validity(vector, words) ?? undefined,
  };
}

/** A chunk whose columns several readers look at: each is asked of the engine once, which takes as long as reading it. */
export class RawChunk {
  readonly rows: number;
  readonly #columns: (RawColumn | undefined)[] = [];

  constructor(readonly chunk: DuckDBDataChunk) {
    this.rows = chunk.rowCount;
  }

  /** As `rawColumn`; all readers of a column have to give the same width. */
  column(index: number, width: number): RawColumn {
    return this.#columns[index] ??= rawColumn(this.chunk, index, width);
  }
}

const WIDTHS: Record<string, number> = {
  BOOLEAN: 1,
  TINYINT: 1,
  UTINYINT: 1,
  SMALLINT: 2,
  USMALLINT: 2,
  INTEGER: 4,
  UINTEGER: 4,
  FLOAT: 4,
  DATE: 4,
  BIGINT: 8,
  UBIGINT: 8,
  DOUBLE: 8,
  TIME: 8,
  TIMESTAMP: 8,
  TIMESTAMP_S: 8,
  TIMESTAMP_MS: 8,
  TIMESTAMP_NS: 8,
  "TIMESTAMP WITH TIME ZONE": 8,
  HUGEINT: 16,
  UHUGEINT: 16,
  UUID: 16,
};

/** Bytes that a value of this type takes inside DuckDB; undefined for types of no fixed width. */
export function physicalWidth(type: string): number | undefined {
  const decimal = /^DECIMAL\((\d+),\d+\)$/.exec(type);
  if (decimal === null) return WIDTHS[type];
  const digits = Number(decimal[1]);
  return digits <= 4 ? 2 : digits <= 9 ? 4 : digits <= 18 ? 8 : 16;
}

export function isValid(validity: Uint8Array | undefined, row: number): boolean {
  return validity === undefined || (((validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
}
