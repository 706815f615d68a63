import { createHash } from "node:crypto";
import { isValid, physicalWidth, type RawChunk } from "./chunk.ts";
import { arrowName, type Column, quote } from "./types.ts";

/** Takes chunks of rows, in order, whose first columns are those of `list`. */
export interface RowsDigest {
  /** What to select for it. */
  list: string[];
  add(chunk: RawChunk): void;
  finish(): { hash: string; rows: number };
}

/**
 * `rows_hash`: a SHA-256 over schema and ordered rows that does not depend on the Parquet writer, so that a rebuild by
 * another engine version can still be proved equal. Over each column, in order, runs one digest of a byte a row that
 * says value or NULL, and one of the values: little-endian and zero under NULL for types of fixed width; for all others
 * the length of their text (32 bits, little-endian) and its UTF-8 bytes. The hash is over names, Arrow types and those.
 */
export function rowsDigest(columns: readonly Column[]): RowsDigest {
  const digests = columns.map(columnDigest);
  let rows = 0;
  return {
    list: columns.map(({ name, type }) =>
      physicalWidth(type) === undefined ? `CAST(${quote(name)} AS VARCHAR)` : quote(name)
    ),
    add(chunk) {
      rows += chunk.rows;
      digests.forEach((digest, column) => digest.add(chunk, column));
    },
    finish() {
      const whole = createHash("sha256");
      columns.forEach(({ name, type }, i) =>
        whole.update(`${JSON.stringify([name, arrowName(type)])}${digests[i]?.finish()}\n`)
      );
      return { hash: whole.update(String(rows)).digest("hex"), rows };
    },
  };
}

interface ColumnDigest {
  add(chunk: RawChunk, column: number): void;
  finish(): string;
}

function columnDigest({ type }: Column): ColumnDigest {
  const width = physicalWidth(type);
  return width === undefined ? textDigest() : fixedDigest(width);
}

/** DuckDB's vectors hold at most this many rows. */
const VECTOR = 2048;
const ONES = new Uint8Array(VECTOR).fill(1);

function fixedDigest(width: number): ColumnDigest {
  const values = createHash("sha256");
  const marks = marksDigest();
  return {
    add(chunk, column) {
      const { data, validity } = chunk.column(column, width);
      const { rows } = chunk;
      marks.add(validity, rows);
      if (validity !== undefined) {
        for (let row = 0; row < rows; row++) {
          if (!isValid(validity, row)) data.fill(0, row * width, (row + 1) * width);
        }
      }
      values.update(data);
    },
    finish: () => marks.finish() + values.digest("hex"),
  };
}

/** DuckDB holds a text in 16 bytes: its length, then up to 12 bytes of it, or its first 4 bytes and a pointer. */
const STRING_WIDTH = 16;
const INLINE = 12;

function textDigest(): ColumnDigest {
  const values = createHash("sha256");
  const marks = marksDigest();
  const encoder = new TextEncoder();
  let out = new Uint8Array(VECTOR * (4 + STRING_WIDTH));
  let end = 0;
  const put = (bytes: Uint8Array, from: number, length: number) => {
    if (end + 4 + length > out.length) {
      const larger = new Uint8Array(Math.max(out.length * 2, end + 4 + length));
      larger.set(out.subarray(0, end));
      out = larger;
    }
    out[end++] = length & 0xff;
    out[end++] = (length >> 8) & 0xff;
    out[end++] = (length >> 16) & 0xff;
    out[end++] = length >>> 24;
    for (let i = 0; i < length; i++) out[end++] = bytes[from + i] ?? 0;
  };
  return {
    add(chunk, column) {
      const { data, validity } = chunk.column(column, STRING_WIDTH);
      const { rows } = chunk;
      marks.add(validity, rows);
      const words = new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4);
      const vector = chunk.chunk.getColumnVector(column);
      let long: Uint8Array | undefined;
      end = 0;
      for (let row = 0; row < rows; row++) {
        if (!isValid(validity, row)) {
          put(data, 0, 0);
          long = undefined;
          continue;
        }
        const length = words[row * 4] ?? 0;
        if (length <= INLINE) {
          put(data, row * STRING_WIDTH + 4, length);
          continue;
        }
        // The same pointer as in the row before is the same text.
        if (long === undefined || !sameWords(words, row)) long = encoder.encode(String(vector.getItem(row)));
        put(long, 0, long.length);
      }
      values.update(out.subarray(0, end));
    },
    finish: () => marks.finish() + values.digest("hex"),
  };
}

function sameWords(words: Uint32Array, row: number): boolean {
  const at = row * 4;
  return words[at] === words[at - 4] && words[at + 1] === words[at - 3] &&
    words[at + 2] === words[at - 2] && words[at + 3] === words[at - 1];
}

/** A byte a row: 1 for a value, 0 for NULL. */
function marksDigest() {
  const hash = createHash("sha256");
  const mark = new Uint8Array(VECTOR);
  return {
    add(validity: Uint8Array | undefined, rows: number): void {
      if (validity === undefined) {
        hash.update(ONES.subarray(0, rows));
        return;
      }
      for (let row = 0; row < rows; row++) mark[row] = isValid(validity, row) ? 1 : 0;
      hash.update(mark.subarray(0, rows));
    },
    finish: () => hash.digest("hex"),
  };
}
