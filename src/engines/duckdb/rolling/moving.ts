import type { Pending } from "./pending.ts";
import type { AggregateSpec } from "./plan.ts";
import type { Aggregate, Result } from "./result.ts";
import type { View } from "./view.ts";

/** The stamps of a key, one by one. */
export interface StampSource {
  /** Per row of the chunk that is being made: its stamp, as a number of buckets. */
  readonly stamp: Int32Array<ArrayBuffer>;
  /** Starts the pending rows' current key. */
  begin(pending: Pending): void;
  /** Fills the chunk's rows from `row` on; gives the row after the last one: less than VECTOR where the key is done. */
  fill(row: number): number;
}

/** How rows enter and leave windows, and what aggregations make of it. */
export interface Moving {
  stamps: StampSource;
  /** What the aggregations look through: begun and followed before they are. */
  views: readonly View[];
  aggregates: readonly Aggregate[];
  /** Of each aggregate, by window. */
  results: ReadonlyMap<AggregateSpec, readonly (Result | undefined)[]>;
}
