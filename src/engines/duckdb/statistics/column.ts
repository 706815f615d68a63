import type { ColumnStatistics } from "../../../publish/meta.ts";
import { isValid, physicalWidth, type RawChunk } from "../chunk.ts";
import type { Column } from "../types.ts";
import { decoderOf } from "./decode.ts";
import { Distinct } from "./distinct.ts";
import { Histogram } from "./histogram.ts";
import { Moments } from "./moments.ts";
import { Quantiles } from "./quantiles.ts";
import { type Ends, kindOf, timeText } from "./range.ts";

/** Shares whose quantiles are kept. */
export const SHARES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] as const;

/** DuckDB's vectors hold at most this many rows. */
const VECTOR = 2048;

/** Gathers one column's statistics from chunks in their order. */
export interface ColumnCollector {
  /** `at` is the column's index in the chunk, `hash` that of its hash (UBIGINT), where its values are not kept in place. */
  add(chunk: RawChunk, at: number, hash: number | undefined): void;
  finish(): ColumnStatistics;
}

/** What takes finite values besides: a histogram over other bins. */
export interface Taker {
  take(values: Float64Array, count: number): void;
}

export function collector(column: Column, ends: Ends, others: readonly Taker[] = []): ColumnCollector {
  return decoderOf(column.type) === undefined ? opaque(ends) : numeric(column, ends, others);
}

/** How the engine holds a text, or a list: 16 bytes, of a short text its length and its bytes, then zeros. */
const WIDTH = 16;

/** Of values that are only told apart. */
function opaque(ends: Ends): ColumnCollector {
  let nulls = 0;
  const distinct = new Distinct();
  const words = new Int32Array(2 * VECTOR);
  return {
    add(chunk, at, hash) {
      const { rows } = chunk;
      // The engine's hash of NULL is a value like any other: which are NULL only the column itself tells.
      const { data, validity } = chunk.column(at, WIDTH);
      if (hash === undefined) foldText(data, rows, words);
      else {
        const hashes = chunk.column(hash, 8).data;
        words.set(new Int32Array(hashes.buffer, hashes.byteOffset, 2 * rows));
      }
      const count = keepValid(words, validity, rows);
      nulls += rows - count;
      distinct.take(words, count);
    },
    finish: () => ({ nulls, ...different(distinct), ...shown(ends) }),
  };
}

function numeric({ type }: Column, ends: Ends, others: readonly Taker[]): ColumnCollector {
  const decode = decoderOf(type)!;
  const width = physicalWidth(type)!;
  const kind = kindOf(type);
  // Integers beyond 2^53 are told apart by their own bits, which doubles would mix.
  const ownBits = width === 8 && type !== "DOUBLE";
  const values = new Float64Array(VECTOR);
  const wordsOfValues = new Int32Array(values.buffer);
  const wordsOfData = new Int32Array(2 * VECTOR);
  const distinct = new Distinct();
  const moments = new Moments();
  const quantiles = new Quantiles();
  const { from = 0, to = 0 } = ends;
  const histogram = new Histogram(from, to);
  // Times are far from zero: their quantiles are found relative to the least one.
  const origin = kind === "time" ? from : 0;
  const takers: Taker[] = [
    ...(kind === "time" ? [] : [moments]),
    ...(kind === "truth" ? [] : [histogram, ...others]),
  ];
  const infinite = kind === "time" ? (type === "DATE" ? 2 ** 31 - 1 : 2 ** 63) : Infinity;
  let nulls = 0;
  let notFinite = 0;
  return {
    add(chunk, at) {
      const { data, validity } = chunk.column(at, width);
      const { rows } = chunk;
      decode(data, rows, values);
      let count = rows;
      if (validity !== undefined) {
        count = keepValid(wordsOfValues, validity, rows);
        nulls += rows - count;
      }
      if (ownBits) {
        const words = new Int32Array(data.buffer, data.byteOffset, rows * 2);
        if (validity === undefined) distinct.take(words, count);
        else {
          wordsOfData.set(words);
          distinct.take(wordsOfData, keepValid(wordsOfData, validity, rows));
        }
      } else {
        distinct.take(wordsOfValues, count);
      }
      const finite = keepFinite(values, count, infinite);
      notFinite += count - finite;
      for (const taker of takers) taker.take(values, finite);
      if (kind === "truth") return;
      if (origin !== 0) { for (let i = 0; i < finite; i++) values[i]! -= origin; }
      quantiles.take(values, finite);
    },
    finish() {
      const std = moments.std();
      const { counts, below, above } = histogram;
      // A decimal of 128 bits can be rounded across an end.
      counts[0]! += below;
      counts[counts.length - 1]! += above;
      const write = (value: number) => kind === "time" ? timeText(type, value) : value;
      const found = ends.min === undefined || kind === "truth" ? [] : quantiles.at(SHARES);
      const inside = (value: number) => Math.min(to, Math.max(from, value + origin));
      return {
        nulls,
        ...different(distinct),
        ...(notFinite === 0 ? {} : { not_finite: notFinite }),
        ...shown(ends),
        // Squares of numbers near the largest double are infinite, which JSON has no word for.
        ...(moments.count > 0 && Number.isFinite(moments.mean) ? { mean: moments.mean } : {}),
        ...(Number.isFinite(std) ? { std: std! } : {}),
        ...(found.length === 0 ? {} : {
          quantiles: Object.fromEntries(SHARES.map((share, i) => [share, write(inside(found[i]!))])),
          histogram: { from: write(from), to: write(to), counts },
        }),
      };
    },
  };
}

/** Folds the four words of each short text into two, by two mixtures that have nothing in common. */
function foldText(data: Uint8Array, rows: number, out: Int32Array): void {
  const words = new Int32Array(data.buffer, data.byteOffset, rows * 4);
  for (let row = 0; row < rows; row++) {
    const at = 4 * row;
    const [length, a, b, c] = [words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!];
    let low = Math.imul(length ^ a, 0x85ebca6b);
    low = Math.imul(low ^ (low >>> 15) ^ b, 0xc2b2ae35);
    low = Math.imul(low ^ (low >>> 13) ^ c, 0x27d4eb2f);
    let high = Math.imul(length ^ c, 0x9e3779b1);
    high = Math.imul(high ^ (high >>> 14) ^ a, 0x165667b1);
    high = Math.imul(high ^ (high >>> 15) ^ b, 0x2c1b3c6d);
    out[2 * row] = low;
    out[2 * row + 1] = high;
  }
}

/** Moves pairs of words that are no NULL to the front; tells how many. */
function keepValid(words: Int32Array, validity: Uint8Array | undefined, rows: number): number {
  if (validity === undefined) return rows;
  let kept = 0;
  for (let row = 0; row < rows; row++) {
    if (!isValid(validity, row)) continue;
    words[2 * kept] = words[2 * row]!;
    words[2 * kept + 1] = words[2 * row + 1]!;
    kept++;
  }
  return kept;
}

/** Moves finite values to the front; tells how many. */
function keepFinite(values: Float64Array, count: number, infinite: number): number {
  let kept = 0;
  // Until one is to be left out, nothing has to be moved.
  while (kept < count && Math.abs(values[kept]!) < infinite) kept++;
  for (let i = kept + 1; i < count; i++) {
    if (Math.abs(values[i]!) < infinite) values[kept++] = values[i]!;
  }
  return kept;
}

function different(distinct: Distinct): Pick<ColumnStatistics, "distinct" | "approximate_distinct"> {
  const { distinct: count, approximate } = distinct.count();
  return { distinct: count, approximate_distinct: approximate };
}

function shown({ min, max }: Ends): Pick<ColumnStatistics, "min" | "max"> {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}
