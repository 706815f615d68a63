import type { DuckDBDataChunk } from "@duckdb/node-api";
import duckdb, { type DataChunk } from "@duckdb/node-bindings";
import { rawColumn } from "../chunk.ts";
import { grown, NumberLane, WideLane } from "./lane.ts";
import { type Physical, physicalOfColumn, VECTOR, WIDTHS } from "./physical.ts";
import type { LaneSpec } from "./plan.ts";

/** One key column, as words that are as wide as its values, or four bytes. */
export interface KeyColumn {
  physical: Physical;
  words: Words;
  /** Words a value. */
  step: number;
}

export type Words = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/**
 * The rows that have come and are not done with: those of the current key, and what came with them. Rows come sorted by
 * keys and bucket; the columns of a chunk are the keys, the bucket, then each lane's one or two.
 */
export class Pending {
  /** The bucket of each row. */
  buckets = new Int32Array(0);
  keys: KeyColumn[] = [];
  readonly lanes: (NumberLane | WideLane)[];
  /** The rows `from..to` are those of the current key, once `next` has said so. */
  from = 0;
  to = 0;
  /** Events that came in all. */
  events = 0;
  readonly #keyCount: number;
  readonly #specs: readonly LaneSpec[];
  readonly #counts: number | undefined;
  #physical: Physical[] = [];
  /** 1 where a row's key is another than that of the row before. */
  #fresh = new Uint8Array(0);
  #end = 0;
  /** Up to here it is known that no new key starts after `to`. */
  #seen = 0;
  #ended = false;

  /** `counts` is the lane that says how many events a row stands for, if it is not one. */
  constructor(keyCount: number, specs: readonly LaneSpec[], counts: number | undefined) {
    this.#keyCount = keyCount;
    this.#counts = counts;
    this.#specs = specs;
    this.lanes = specs.map((spec) => spec.wide ? new WideLane() : new NumberLane(spec.fixed));
  }

  append(chunk: DuckDBDataChunk): void {
    const rows = chunk.rowCount;
    if (this.events === 0) this.#prepare(chunk);
    this.#makeRoom(rows);
    const at = this.#end;
    const raw = (column: number) => rawColumn(chunk, column, WIDTHS[this.#physical[column]!]);
    this.#fresh.fill(0, at, at + rows);
    // The first row of all has no row before it to differ from.
    const first = this.events === 0 ? at + 1 : at;
    this.keys.forEach(({ physical, words, step }, column) => {
      new Uint8Array(words.buffer).set(raw(column).data, at * WIDTHS[physical]);
      if (step === 1) markChanges(words, this.#fresh, first, at + rows);
      else markWideChanges(words, step, this.#fresh, first, at + rows);
    });
    const { data } = raw(this.#keyCount);
    this.buckets.set(new Int32Array(data.buffer, data.byteOffset, rows), at);
    let column = this.#keyCount + 1;
    this.#specs.forEach((spec, i) => {
      const lane = this.lanes[i]!;
      lane.append(this.#physical[column]!, raw(column), at, rows);
      column++;
      if (spec.special === undefined) return;
      if (lane.kind === "number") lane.override(this.#physical[column]!, raw(column), at, rows);
      column++;
    });
    this.#end += rows;
    this.events += this.#eventsIn(at, rows);
  }

  #eventsIn(at: number, rows: number): number {
    const lane = this.#counts === undefined ? undefined : this.lanes[this.#counts];
    if (lane?.kind !== "number") return rows;
    return lane.values.subarray(at, at + rows).reduce((sum, count) => sum + count, 0);
  }

  /** No more rows will come. */
  end(): void {
    this.#ended = true;
  }

  /** Goes on to the next key whose rows are all there; false where there is none (yet). */
  next(): boolean {
    const from = this.to;
    if (from === this.#end) return false;
    const found = this.#fresh.subarray(0, this.#end).indexOf(1, Math.max(from + 1, this.#seen));
    if (found < 0 && !this.#ended) {
      this.#seen = this.#end;
      return false;
    }
    this.from = from;
    this.to = found < 0 ? this.#end : found;
    return true;
  }

  #prepare(chunk: DuckDBDataChunk): void {
    // node-api declares the chunk's handle private; the bindings below it are public and take it.
    const handle = (chunk as unknown as { chunk: DataChunk }).chunk;
    this.#physical = Array.from(
      { length: duckdb.data_chunk_get_column_count(handle) },
      (_, column) => physicalOfColumn(handle, column),
    );
    this.keys = this.#physical.slice(0, this.#keyCount).map((physical) => ({
      physical,
      words: wordsFor(physical, 0),
      step: wordsOf(physical),
    }));
  }

  #makeRoom(rows: number): void {
    const from = this.to;
    if (from > 0) {
      for (const key of this.keys) key.words.copyWithin(0, from * key.step, this.#end * key.step);
      this.buckets.copyWithin(0, from, this.#end);
      this.#fresh.copyWithin(0, from, this.#end);
      for (const lane of this.lanes) lane.shift(from, this.#end);
      this.#end -= from;
      this.#seen = Math.max(0, this.#seen - from);
      this.from = this.to = 0;
    }
    const needed = this.#end + rows;
    if (needed <= this.buckets.length) return;
    const capacity = Math.max(needed, this.buckets.length * 2, 4 * VECTOR);
    for (const key of this.keys) key.words = grownWords(key, capacity);
    this.buckets = grown(this.buckets, new Int32Array(capacity));
    this.#fresh = grown(this.#fresh, new Uint8Array(capacity));
    for (const lane of this.lanes) lane.grow(capacity);
  }
}

/** Words that a value takes. */
export function wordsOf(physical: Physical): number {
  return Math.max(1, WIDTHS[physical] / 4);
}

/** Room for this many values. */
export function wordsFor(physical: Physical, rows: number): Words {
  const width = WIDTHS[physical];
  if (width === 1) return new Uint8Array(rows);
  return width === 2 ? new Uint16Array(rows) : new Uint32Array(rows * wordsOf(physical));
}

function grownWords({ physical, words }: KeyColumn, capacity: number): Words {
  const larger = wordsFor(physical, capacity);
  larger.set(words);
  return larger;
}

function markChanges(words: Words, fresh: Uint8Array, from: number, to: number): void {
  for (let row = from; row < to; row++) if (words[row] !== words[row - 1]) fresh[row] = 1;
}

function markWideChanges(words: Words, step: number, fresh: Uint8Array, from: number, to: number): void {
  for (let row = from; row < to; row++) {
    for (let word = row * step; word < (row + 1) * step; word++) {
      if (words[word] !== words[word - step]) fresh[row] = 1;
    }
  }
}
