import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import type { ColumnStatistics } from "../../../publish/meta.ts";
import type { RawChunk } from "../chunk.ts";
import { type Column, quote } from "../types.ts";
import { collector, type Taker } from "./column.ts";
import { decoderOf } from "./decode.ts";
import { AGGREGATES, endAggregates, type Ends, endsOf } from "./range.ts";

/** The columns that have statistics, with the ends that have to be known before the pass. */
export type Described = ReadonlyMap<string, Ends>;

/** Aggregates for `describe`, of the columns that have statistics. */
export function endsOfAll(columns: readonly Column[]): string[] {
  return columns.flatMap((column) => endAggregates(column));
}

/** Reads what `endsOfAll` asked for; where an end is NaN or infinite, `from` (a name, or a query in brackets) is asked again. */
export async function describe(
  connection: DuckDBConnection,
  from: string,
  columns: readonly Column[],
  values: readonly DuckDBValue[],
): Promise<Described> {
  const described = new Map<string, Ends>();
  for (const [i, column] of columns.entries()) {
    let ends = endsOf(column, values.slice(AGGREGATES * i, AGGREGATES * (i + 1)));
    if (ends === undefined) {
      const finite = endAggregates(column, { finite: true }).join(", ");
      const reader = await connection.runAndReadAll(`SELECT ${finite} FROM ${from}`);
      ends = endsOf(column, reader.getRows()[0] ?? []);
    }
    described.set(column.name, ends ?? {});
  }
  return described;
}

/** Gathers statistics in the pass that also hashes the rows. */
export interface Gathering {
  /** SQL expressions over a row that are selected after the columns themselves. */
  list: string[];
  add(chunk: RawChunk): void;
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
    const raw = decoderOf(column.type) !== undefined || ends.short === true;
    if (!raw) list.push(`hash(${quote(column.name)})`);
    const hash = raw ? undefined : columns.length + list.length - 1;
    return [{ name: column.name, at: index, hash, own: collector(column, ends, others.get(column.name)) }];
  });
  return {
    list,
    add: (chunk) => parts.forEach(({ at, hash, own }) => own.add(chunk, at, hash)),
    finish: () => Object.fromEntries(parts.map(({ name, own }) => [name, own.finish()])),
  };
}
