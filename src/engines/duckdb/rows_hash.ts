import { createHash, type Hash } from "node:crypto";
import type { DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";
import { isValid, physicalWidth, rawColumn } from "./chunk.ts";
import { arrowName, type Column, quote } from "./types.ts";

/**
 * `rows_hash`: a SHA-256 over schema and ordered rows that does not depend on the Parquet writer, so that a rebuild by
 * another engine version can still be proved equal. Over each column, in order, runs one digest of a byte a row that
 * says value or NULL, and one of the values: little-endian and zero under NULL for types of fixed width; for all others
 * their text as runs (rows in the run, bytes in the text, the UTF-8 text). The hash is over names, Arrow types and those.
 */
export async function rowsHash(
  connection: DuckDBConnection,
  relation: { select: string; from: string; columns: readonly Column[] },
): Promise<{ hash: string; rows: number }> {
  const digests = relation.columns.map(columnDigest);
  const list = relation.columns.map(({ name, type }) =>
    physicalWidth(type) === undefined ? `CAST(${quote(name)} AS VARCHAR)` : quote(name)
  );
  const result = await connection.stream(
    `SELECT ${list.join(", ")} FROM (SELECT ${relation.select} FROM ${relation.from})`,
  );
  let rows = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    rows += chunk.rowCount;
    digests.forEach((digest, column) => digest.add(chunk, column));
  }
  const whole = createHash("sha256");
  relation.columns.forEach(({ name, type }, i) =>
    whole.update(`${JSON.stringify([name, arrowName(type)])}${digests[i]?.finish()}\n`)
  );
  return { hash: whole.update(String(rows)).digest("hex"), rows };
}

interface ColumnDigest {
  add(chunk: DuckDBDataChunk, column: number): void;
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
  const marks = createHash("sha256");
  const mark = new Uint8Array(VECTOR);
  return {
    add(chunk, column) {
      const { data, validity } = rawColumn(chunk, column, width);
      const rows = chunk.rowCount;
      if (validity === undefined) {
        marks.update(ONES.subarray(0, rows));
      } else {
        for (let row = 0; row < rows; row++) {
          const valid = isValid(validity, row);
          mark[row] = valid ? 1 : 0;
          if (!valid) data.fill(0, row * width, (row + 1) * width);
        }
        marks.update(mark.subarray(0, rows));
      }
      values.update(data);
    },
    finish: () => marks.digest("hex") + values.digest("hex"),
  };
}

/** A text stands in 16 bytes inside DuckDB: length, then the text itself or its first bytes and a pointer. */
const STRING_WIDTH = 16;

function textDigest(): ColumnDigest {
  const hash = createHash("sha256");
  const encoder = new TextEncoder();
  let current: string | null | undefined;
  let run = 0;
  return {
    add(chunk, column) {
      const { data, validity } = rawColumn(chunk, column, STRING_WIDTH);
      const words = new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4);
      const vector = chunk.getColumnVector(column);
      for (let row = 0; row < chunk.rowCount; row++) {
        const valid = isValid(validity, row);
        // Equal words are equal texts; different words may still be, where the text stands elsewhere.
        if (row > 0 && valid && current !== null && sameWords(words, row)) {
          run++;
          continue;
        }
        const text = valid ? String(vector.getItem(row)) : null;
        if (text === current) {
          run++;
          continue;
        }
        flush(hash, encoder, current, run);
        current = text;
        run = 1;
      }
    },
    finish() {
      flush(hash, encoder, current, run);
      return hash.digest("hex");
    },
  };
}

function sameWords(words: Uint32Array, row: number): boolean {
  const at = row * 4;
  return words[at] === words[at - 4] && words[at + 1] === words[at - 3] &&
    words[at + 2] === words[at - 2] && words[at + 3] === words[at - 1];
}

function flush(hash: Hash, encoder: TextEncoder, text: string | null | undefined, run: number): void {
  if (text === undefined || run === 0) return;
  const bytes = text === null ? new Uint8Array() : encoder.encode(text);
  hash.update(`${run} ${text === null ? "null" : bytes.length} `).update(bytes);
}
