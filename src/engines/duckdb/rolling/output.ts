import type { DuckDBAppender, DuckDBInstance } from "@duckdb/node-api";
import duckdb, { type Appender, type DataChunk } from "@duckdb/node-bindings";
import { MlforgeError } from "../../../error.ts";
import { Encoder } from "./encode.ts";
import type { Kernel } from "./kernel.ts";
import type { StoredColumn } from "./layout.ts";
import { type Pending, type Words, wordsFor } from "./pending.ts";
import { type Physical, physicalOf, VECTOR, writeColumn } from "./physical.ts";

/** Appends chunks of results to the table, in the order in which they come. */
export class Output {
  /** Rows written. */
  rows = 0;
  readonly #close: () => void;
  readonly #appender: Appender;
  readonly #chunk: DataChunk;
  readonly #physical: Physical[];
  readonly #keys: Words[];
  readonly #columns: readonly StoredColumn[];
  readonly #encoders: Encoder[];

  private constructor(
    appender: Appender,
    keyCount: number,
    columns: readonly StoredColumn[],
    close: () => void,
  ) {
    const types = Array.from(
      { length: keyCount + 1 + columns.length },
      (_, i) => duckdb.appender_column_type(appender, i),
    );
    this.#close = close;
    this.#appender = appender;
    this.#chunk = duckdb.create_data_chunk(types);
    this.#physical = types.map(physicalOf);
    this.#keys = this.#physical.slice(0, keyCount).map((physical) => wordsFor(physical, VECTOR));
    this.#columns = columns;
    this.#encoders = columns.map((_, i) => new Encoder(this.#physical[keyCount + 1 + i]!));
  }

  /** On a connection of its own, as a streamed result is cut short by anything else on its connection. */
  static async open(
    instance: DuckDBInstance,
    table: string,
    keyCount: number,
    columns: readonly StoredColumn[],
  ): Promise<Output> {
    const connection = await instance.connect();
    try {
      const appender: DuckDBAppender = await connection.createAppender(table);
      // node-api would build a list of all words of an ENUM to tell a column's type; its handle gives the type alone.
      const handle = (appender as unknown as { appender: Appender }).appender;
      return new Output(handle, keyCount, columns, () => connection.closeSync());
    } catch (cause) {
      connection.closeSync();
      throw cause;
    }
  }

  /** Puts the current key into the rows `first..last` of the chunk. */
  putKey({ keys, from }: Pending, first: number, last: number): void {
    for (let column = 0; column < keys.length; column++) {
      const { words, step } = keys[column]!;
      const into = this.#keys[column]!;
      if (step === 1) {
        into.fill(words[from]!, first, last);
        continue;
      }
      for (let word = 0; word < step; word++) {
        const value = words[from * step + word]!;
        for (let at = first * step + word; at < last * step; at += step) into[at] = value;
      }
    }
  }

  /** Appends the kernel's chunk, and makes room for the next. */
  take(kernel: Kernel): void {
    const { rows } = kernel;
    if (rows === 0) return;
    const chunk = this.#chunk;
    duckdb.data_chunk_reset(chunk);
    duckdb.data_chunk_set_size(chunk, rows);
    const put = (column: number, bytes: Uint8Array<ArrayBuffer>, nulls?: Uint8Array) =>
      writeColumn(chunk, column, this.#physical[column]!, bytes, rows, nulls);
    this.#keys.forEach((words, column) => put(column, new Uint8Array(words.buffer)));
    put(this.#keys.length, new Uint8Array(kernel.stamps.stamp.buffer));
    this.#columns.forEach((column, i) => {
      const result = kernel.results(column.aggregate)[column.window];
      const encoder = this.#encoders[i]!;
      if (result === undefined) throw new Error(`Nothing was computed for column ${column.name}`);
      if (result.kind === "wide" && column.limit !== undefined) checkLimit(result.values, rows, column.limit);
      encoder.write(result, rows);
      put(this.#keys.length + 1 + i, encoder.bytes, result.nulls);
    });
    duckdb.append_data_chunk(this.#appender, chunk);
    this.rows += rows;
    kernel.rows = 0;
  }

  /** Writes what is still held back. */
  finish(): void {
    duckdb.appender_close_sync(this.#appender);
  }

  close(): void {
    this.#close();
  }
}

function checkLimit(
  values: readonly bigint[],
  rows: number,
  { below, type, metric, column }: NonNullable<StoredColumn["limit"]>,
): void {
  for (let row = 0; row < rows; row++) {
    const value = values[row]!;
    // The least integer has no positive twin.
    if (value < below && value >= (type === "BIGINT" ? -below : 1n - below)) continue;
    throw new MlforgeError("failed", `A sum of column "${column}" does not fit in a ${type}: ${value}`, {
      hint: `Cast the column to DOUBLE in the feature's SQL, or leave "${metric}" out.`,
    });
  }
}
