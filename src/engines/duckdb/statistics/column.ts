import type { DuckDBDataChunk } from "@duckdb/node-api";
import type { ColumnStatistics } from "../../../publish/meta.ts";
import { isValid, physicalWidth, rawColumn } from "../chunk.ts";
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
  /** `column` is its index in the chunk; of types without a fixed width, that of its hash (UBIGINT). */
  add(chunk: DuckDBDataChunk, column: number): void;
  finish(): ColumnStatistics;
}

/** What takes finite values besides: a histogram over other bins. */
export interface Taker {
  take(values: Float64Array, count: number): void;
}

export function collector(column: Column, ends: Ends, others: readonly Taker[] = []): ColumnCollector {
  return decoderOf(column.type) === undefined ? opaque(ends) : numeric(column, ends, others);
}

/** Of values that are known by their hash only. */
function opaque(ends: Ends): ColumnCollector {
  let nulls = 0;
  const distinct = new Distinct();
  return {
    add(chunk, column) {
      const { data, validity } = rawColumn(chunk, column, 8);
      const words = new Int32Array(data.buffer, data.byteOffset, chunk.rowCount * 2);
      for (let row = 0; row < chunk.rowCount; row++) {
        if (isValid(validity, row)) distinct.add(words[2 * row]!, words[2 * row + 1]!);
        else nulls++;
      }
    },
    finish: () => ({ nulls, ...different(distinct), ...shown(ends) }),
  };
}

function numeric({ type }: Column, ends: Ends, others: readonly Taker[]): ColumnCollector {
  const decode = decoderOf(type)!;
  const width = physicalWidth(type)!;
  const kind = kindOf(type);
  const all = new Float64Array(VECTOR);
  const finite = new Float64Array(VECTOR);
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
    add(chunk, column) {
      const { data, validity } = rawColumn(chunk, column, width);
      const rows = chunk.rowCount;
      decode(data, rows, all);
      // Integers beyond 2^53 are told apart by their own bits.
      const words = width === 8 && type !== "DOUBLE"
        ? new Int32Array(data.buffer, data.byteOffset, rows * 2)
        : new Int32Array(all.buffer, 0, rows * 2);
      let count = 0;
      for (let row = 0; row < rows; row++) {
        if (!isValid(validity, row)) {
          nulls++;
          continue;
        }
        const value = all[row]!;
        if (value === 0) distinct.add(0, 0);
        else if (value !== value) distinct.add(0, 0x7ff80000);
        else distinct.add(words[2 * row]!, words[2 * row + 1]!);
        if (Math.abs(value) < infinite) finite[count++] = value;
        else notFinite++;
      }
      for (const taker of takers) taker.take(finite, count);
      if (kind === "truth") return;
      if (origin !== 0) { for (let i = 0; i < count; i++) finite[i]! -= origin; }
      quantiles.take(finite, count);
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

function different(distinct: Distinct): Pick<ColumnStatistics, "distinct" | "approximate_distinct"> {
  const { distinct: count, approximate } = distinct.count();
  return { distinct: count, approximate_distinct: approximate };
}

function shown({ min, max }: Ends): Pick<ColumnStatistics, "min" | "max"> {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}
