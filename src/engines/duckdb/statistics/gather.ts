import type { DuckDBDataChunk, DuckDBValue } from "@duckdb/node-api";
import type { ColumnStatistics } from "../../../publish/meta.ts";
import { physicalWidth } from "../chunk.ts";
import { type Column, quote } from "../types.ts";
import { collector, type Taker } from "./column.ts";
import { decoderOf } from "./decode.ts";
import { endAggregates, type Ends, endsOf } from "./range.ts";

/** The columns that have statistics, with the ends that have to be known before the pass. */
export type Described = ReadonlyMap<string, Ends>;

/** Aggregates for `describe`, of the columns that have statistics. */
export function endsOfAll(columns: readonly Column[]): string[] {
  return columns.flatMap(endAggregates);
}

/** Reads what `endsOfAll` asked for. */
export function describe(columns: readonly Column[], values: readonly DuckDBValue[]): Described {
  return new Map(columns.map((column, i) => [column.name, endsOf(column, values.slice(2 * i, 2 * i + 2))]));
}

/** Gathers statistics in the pass that also hashes the rows. */
export interface Gathering {
  /** SQL expressions over a row that are selected after the columns themselves. */
  list: string[];
  add(chunk: DuckDBDataChunk): void;
  /** By column, in their order. */
  finish(): Record<string, ColumnStatistics>;
}

/** `others` get the finite values of a column too. */
export function gather(
  columns: readonly Column[],
  described: Described,
  others: ReadonlyMap<string, Taker[]> = new Map(),
): Gathering {
  const list: string[] = [];
  const parts = columns.flatMap((column, index) => {
    const ends = described.get(column.name);
    if (ends === undefined) return [];
    const raw = decoderOf(column.type) !== undefined && physicalWidth(column.type) !== undefined;
    // The engine's hash of NULL is a value.
    if (!raw) list.push(`CASE WHEN ${quote(column.name)} IS NOT NULL THEN hash(${quote(column.name)}) END`);
    const at = raw ? index : columns.length + list.length - 1;
    return [{ name: column.name, at, own: collector(column, ends, others.get(column.name)) }];
  });
  return {
    list,
    add: (chunk) => parts.forEach(({ at, own }) => own.add(chunk, at)),
    finish: () => Object.fromEntries(parts.map(({ name, own }) => [name, own.finish()])),
  };
}
