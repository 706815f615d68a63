import type { DuckDBAppender, DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";
import duckdb, { type DataChunk } from "@duckdb/node-bindings";

/** A column of the result table, and its physical width in bytes. */
export interface ResultColumn {
  name: string;
  type: string;
  width: number;
}

type Values = Int8Array | Int16Array | Int32Array | BigInt64Array | Float64Array;

/** Appends rows by whole chunks: much faster than by value. Its connection must not be one that streams. */
export interface ResultTable {
  /** How many rows can be written before `flush` must be called. */
  room(): number;
  /** Copies `count` values into a column, behind what stands in the open chunk. */
  put(
    column: number,
    values: ArrayLike<number> & { subarray(from: number, to: number): ArrayLike<number> },
    from: number,
    count: number,
  ): void;
  /** Repeats one value's bytes `count` times. */
  repeat(column: number, bytes: Uint8Array, count: number): void;
  /** Ends `count` rows that all columns have got. */
  advance(count: number): void;
  close(): void;
}

export async function openResultTable(
  connection: DuckDBConnection,
  table: string,
  columns: readonly ResultColumn[],
): Promise<ResultTable> {
  const { DuckDBDataChunk } = await import("@duckdb/node-api");
  const list = columns.map(({ name, type }) => `${name} ${type}`).join(", ");
  await connection.run(`CREATE TABLE ${table} (${list})`);
  const appender: DuckDBAppender = await connection.createAppender(table.replaceAll('"', ""));
  const types = (await connection.run(`SELECT * FROM ${table} LIMIT 0`)).columnTypes();
  const chunk: DuckDBDataChunk = DuckDBDataChunk.create(types);
  // node-api declares the chunk's handle private; the bindings below it are public and take it.
  const handle = (chunk as unknown as { chunk: DataChunk }).chunk;
  const capacity = duckdb.vector_size();
  const buffers = columns.map(({ width }) => new ArrayBuffer(capacity * width));
  const views = columns.map(({ width, type }, i) => viewOf(type, width, buffers[i]!));
  let rows = 0;
  const flush = () => {
    if (rows === 0) return;
    chunk.reset();
    chunk.rowCount = rows;
    columns.forEach(({ width }, i) => {
      // The bindings check no bounds: the buffer is as long as the vector, and `width` its element's.
      duckdb.copy_data_to_vector(duckdb.data_chunk_get_vector(handle, i), 0, buffers[i]!, 0, rows * width);
    });
    appender.appendDataChunk(chunk);
    rows = 0;
  };
  return {
    room: () => capacity - rows,
    put(column, values, from, count) {
      const part = values.subarray(from, from + count);
      const view = views[column]!;
      if (view instanceof BigInt64Array) throw new Error(`Column ${column} takes no numbers`);
      view.set(part, rows);
    },
    repeat(column, bytes, count) {
      const view = views[column]!;
      if (bytes.length !== columns[column]!.width) {
        throw new Error(`Column ${column} is not ${bytes.length} bytes wide`);
      }
      if (bytes.length === 16) {
        const words = new BigInt64Array(bytes.slice().buffer);
        const pairs = view as BigInt64Array;
        for (let i = rows * 2; i < (rows + count) * 2; i += 2) {
          [pairs[i], pairs[i + 1]] = [words[0]!, words[1]!];
        }
        return;
      }
      // Over the same bytes, so that no value is interpreted.
      const one = viewOf("", bytes.length, bytes.slice().buffer);
      if (view instanceof BigInt64Array) view.fill((one as BigInt64Array)[0]!, rows, rows + count);
      else (view as Int32Array).fill((one as Int32Array)[0]!, rows, rows + count);
    },
    advance(count) {
      rows += count;
      if (rows === capacity) flush();
    },
    close() {
      flush();
      appender.closeSync();
    },
  };
}

function viewOf(type: string, width: number, buffer: ArrayBuffer): Values {
  if (type === "DOUBLE") return new Float64Array(buffer);
  switch (width) {
    case 1:
      return new Int8Array(buffer);
    case 2:
      return new Int16Array(buffer);
    case 4:
      return new Int32Array(buffer);
    default:
      return new BigInt64Array(buffer);
  }
}
