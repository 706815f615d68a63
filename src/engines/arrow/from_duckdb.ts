import type { Data, DataType, Table, Vector } from "apache-arrow";
import type { DuckDBConnection } from "@duckdb/node-api";
import { MlforgeError, type Place } from "../../error.ts";
import { isValid, physicalWidth, rawColumn } from "../duckdb/chunk.ts";
import { type Column, columnsOf, quote } from "../duckdb/types.ts";

type Arrow = typeof import("apache-arrow");

/**
 * A relation as one Arrow table of one batch. DuckDB's chunks are copied into typed arrays as they come; text becomes
 * dictionary-encoded Utf8, so that no value is decoded more than once. Decimals are 128 bits wide, as Arrow has them.
 */
export async function toArrow(
  connection: DuckDBConnection,
  arrow: Arrow,
  source: { name: string; feature: string; place: Place },
): Promise<Table> {
  const relation = quote(source.name);
  const columns = columnsOf(await connection.run(`SELECT * FROM ${relation} LIMIT 0`));
  const count = Number(
    (await connection.runAndReadAll(`SELECT count(*) FROM ${relation}`)).getRows()[0]?.[0],
  );
  const collectors: Collector[] = [];
  const select: string[] = [];
  const types: string[] = [];
  for (const column of columns) {
    if (column.type === "VARCHAR") {
      const type = quote(`_mlforge_text_${types.length}`);
      types.push(type);
      const words = await dictionary(connection, relation, column.name, type);
      select.push(`CAST(${quote(column.name)} AS ${type})`);
      collectors.push(textCollector(arrow, count, words));
    } else {
      select.push(quote(column.name));
      collectors.push(fixedCollector(arrow, count, column, source));
    }
  }
  const result = await connection.stream(`SELECT ${select.join(", ")} FROM ${relation}`);
  let rows = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    if (rows + chunk.rowCount > count) throw new Error(`${source.name} grew while it was read`);
    collectors.forEach((collector, i) => {
      const { data, validity } = rawColumn(chunk, i, collector.width);
      collector.add(data, validity, rows, chunk.rowCount);
    });
    rows += chunk.rowCount;
  }
  if (rows !== count) throw new Error(`${source.name} gave ${rows} of ${count} rows`);
  for (const type of types) await connection.run(`DROP TYPE ${type}`);
  const vectors = columns.map(({ name }, i) => [name, collectors[i]?.finish()] as [string, Vector]);
  return new arrow.Table(Object.fromEntries(vectors));
}

interface Collector {
  width: number;
  add(data: Uint8Array, validity: Uint8Array | undefined, at: number, rows: number): void;
  finish(): Vector;
}

async function dictionary(connection: DuckDBConnection, relation: string, column: string, type: string) {
  const name = quote(column);
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT ${name} AS word FROM ${relation} WHERE ${name} IS NOT NULL ORDER BY word`,
  );
  const words = reader.getRows().map(([word]) => String(word));
  // An ENUM of no words can't be made; every value of such a column is NULL.
  const list = words.length === 0
    ? "('')"
    : `(SELECT DISTINCT ${name} AS word FROM ${relation} WHERE ${name} IS NOT NULL ORDER BY word)`;
  await connection.run(`CREATE TYPE ${type} AS ENUM ${list}`);
  return words;
}

/** DuckDB's ENUM codes are as narrow as the number of words allows. */
function codeWidth(words: number): 1 | 2 | 4 {
  return words <= 0xff ? 1 : words <= 0xffff ? 2 : 4;
}

function textCollector(arrow: Arrow, count: number, words: readonly string[]): Collector {
  const width = codeWidth(words.length);
  const codes = width === 1
    ? new Uint8Array(count)
    : width === 2
    ? new Uint16Array(count)
    : new Uint32Array(count);
  const bytes = new Uint8Array(codes.buffer);
  const nulls = new NullBits(count);
  return {
    width,
    add(data, validity, at, rows) {
      bytes.set(data, at * width);
      nulls.add(validity, at, rows);
    },
    finish() {
      const index = width === 1 ? new arrow.Uint8() : width === 2 ? new arrow.Uint16() : new arrow.Uint32();
      // A code under a NULL is undefined in DuckDB, and must still lie inside Arrow's dictionary.
      nulls.each((row) => (codes[row] = 0));
      const type = new arrow.Dictionary(new arrow.Utf8(), index);
      return new arrow.Vector([arrow.makeData({
        type,
        length: count,
        nullCount: nulls.count,
        nullBitmap: nulls.bitmap(),
        data: codes,
        dictionary: arrow.vectorFromArray(words.slice(), new arrow.Utf8()),
      })]);
    },
  };
}

function fixedCollector(
  arrow: Arrow,
  count: number,
  column: Column,
  source: { name: string; feature: string; place: Place },
): Collector {
  const type = arrowType(arrow, column.type);
  const width = physicalWidth(column.type);
  if (type === undefined || width === undefined) {
    throw new MlforgeError(
      "usage",
      `Column "${column.name}" of source "${source.name}" is of type ${column.type}, which functions can't take`,
      {
        place: source.place,
        hint: `Cast it in the source's types, or write feature "${source.feature}" in SQL.`,
      },
    );
  }
  const bytes = new Uint8Array(count * width);
  const nulls = new NullBits(count);
  return {
    width,
    add(data, validity, at, rows) {
      bytes.set(data, at * width);
      nulls.add(validity, at, rows);
    },
    finish() {
      const data = column.type === "BOOLEAN"
        ? packed(bytes)
        : column.type.startsWith("DECIMAL")
        ? widened(bytes, width)
        : viewed(column.type, bytes);
      const props = { type, length: count, nullCount: nulls.count, nullBitmap: nulls.bitmap(), data };
      return new arrow.Vector([arrow.makeData(props as never) as Data<DataType>]);
    },
  };
}

function arrowType(arrow: Arrow, type: string): DataType | undefined {
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(type);
  if (decimal) return new arrow.Decimal(Number(decimal[2]), Number(decimal[1]), 128);
  const types: Record<string, () => DataType> = {
    BOOLEAN: () => new arrow.Bool(),
    TINYINT: () => new arrow.Int8(),
    SMALLINT: () => new arrow.Int16(),
    INTEGER: () => new arrow.Int32(),
    BIGINT: () => new arrow.Int64(),
    UTINYINT: () => new arrow.Uint8(),
    USMALLINT: () => new arrow.Uint16(),
    UINTEGER: () => new arrow.Uint32(),
    UBIGINT: () => new arrow.Uint64(),
    FLOAT: () => new arrow.Float32(),
    DOUBLE: () => new arrow.Float64(),
    DATE: () => new arrow.DateDay(),
    TIMESTAMP: () => new arrow.TimestampMicrosecond(),
    TIMESTAMP_S: () => new arrow.TimestampSecond(),
    TIMESTAMP_MS: () => new arrow.TimestampMillisecond(),
    TIMESTAMP_NS: () => new arrow.TimestampNanosecond(),
    "TIMESTAMP WITH TIME ZONE": () => new arrow.TimestampMicrosecond("UTC"),
  };
  return types[type]?.();
}

/** The array that Arrow keeps such values in, over the same memory. */
function viewed(type: string, bytes: Uint8Array<ArrayBuffer>) {
  const views: Record<string, (buffer: ArrayBuffer) => ArrayBufferView> = {
    TINYINT: (b) => new Int8Array(b),
    SMALLINT: (b) => new Int16Array(b),
    INTEGER: (b) => new Int32Array(b),
    DATE: (b) => new Int32Array(b),
    UTINYINT: (b) => new Uint8Array(b),
    USMALLINT: (b) => new Uint16Array(b),
    UINTEGER: (b) => new Uint32Array(b),
    UBIGINT: (b) => new BigUint64Array(b),
    FLOAT: (b) => new Float32Array(b),
    DOUBLE: (b) => new Float64Array(b),
  };
  return (views[type] ?? ((b) => new BigInt64Array(b)))(bytes.buffer);
}

/** A byte a value -> a bit a value. */
function packed(bytes: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(bytes.length / 8));
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i]) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
  }
  return bits;
}

/** Signed integers of `width` bytes -> of 16 bytes, as 32-bit words. */
function widened(bytes: Uint8Array<ArrayBuffer>, width: number): Uint32Array {
  const count = bytes.length / width;
  const out = new Uint8Array(count * 16);
  for (let i = 0; i < count; i++) {
    out.set(bytes.subarray(i * width, (i + 1) * width), i * 16);
    const negative = ((bytes[(i + 1) * width - 1] ?? 0) & 0x80) !== 0;
    if (negative) out.fill(0xff, i * 16 + width, (i + 1) * 16);
  }
  return new Uint32Array(out.buffer);
}

/** Arrow's bitmap of values that are there, gathered from DuckDB's, chunk by chunk. */
class NullBits {
  readonly #bits: Uint8Array;
  count = 0;
  constructor(readonly rows: number) {
    this.#bits = new Uint8Array(Math.ceil(rows / 8)).fill(0xff);
  }
  add(validity: Uint8Array | undefined, at: number, rows: number): void {
    if (validity === undefined) return;
    for (let i = 0; i < rows; i++) {
      if (isValid(validity, i)) continue;
      const row = at + i;
      this.#bits[row >> 3] = (this.#bits[row >> 3] ?? 0) & ~(1 << (row & 7));
      this.count++;
    }
  }
  each(visit: (row: number) => void): void {
    if (this.count === 0) return;
    for (let row = 0; row < this.rows; row++) if (!isValid(this.#bits, row)) visit(row);
  }
  bitmap(): Uint8Array | undefined {
    return this.count === 0 ? undefined : this.#bits;
  }
}
