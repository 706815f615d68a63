import { bucketSum } from "./bucket_sum.ts";
import type { NumberLane, WideLane } from "./lane.ts";
import type { Pending } from "./pending.ts";
import { VECTOR } from "./physical.ts";
import type { Stamps } from "./stamps.ts";

/**
 * A key's rows as an aggregation sees them: all of them, or only those with a value, or one for each bucket. `from..to`
 * are its items for the current key; `lo` (per window) and `hi` say which of them lie in the window at each row.
 */
export interface View {
  from: number;
  to: number;
  lo: readonly Int32Array[];
  hi: Int32Array;
  /** Looks at the pending rows of the current key. */
  begin(): void;
  /** Fills `lo` and `hi` for the rows `first..last` of the chunk. */
  follow(first: number, last: number): void;
}

/** A view's values, those of the items `from..to`. */
export interface Numbers {
  readonly view: View;
  values(): Float64Array;
}
export interface Wides {
  readonly view: View;
  values(): readonly bigint[];
}

/** Every row is an item. */
export class AllRows implements View {
  from = 0;
  to = 0;
  readonly lo: readonly Int32Array[];
  readonly hi: Int32Array;
  readonly #pending: Pending;

  constructor(pending: Pending, stamps: Stamps) {
    this.#pending = pending;
    this.lo = stamps.lo;
    this.hi = stamps.hi;
  }

  begin(): void {
    this.from = this.#pending.from;
    this.to = this.#pending.to;
  }

  follow(): void {}
}

/** How a row's index becomes that of an item: for views that have fewer items than there are rows. */
class IndexMap {
  readonly lo: readonly Int32Array[];
  readonly hi = new Int32Array(VECTOR);
  /** Per row of the key, and one past the last: the items before it. */
  before = new Int32Array(0);
  readonly #stamps: Stamps;

  constructor(stamps: Stamps) {
    this.#stamps = stamps;
    this.lo = stamps.lo.map(() => new Int32Array(VECTOR));
  }

  reserve(rows: number): Int32Array {
    if (this.before.length <= rows) this.before = new Int32Array(2 * rows + 1);
    return this.before;
  }

  follow(offset: number, first: number, last: number): void {
    const { before } = this;
    const { hi } = this.#stamps;
    for (let row = first; row < last; row++) this.hi[row] = before[hi[row]! - offset]!;
    for (let w = 0; w < this.lo.length; w++) {
      const from = this.#stamps.lo[w]!;
      const into = this.lo[w]!;
      for (let row = first; row < last; row++) into[row] = before[from[row]! - offset]!;
    }
  }
}

/** The rows where the lanes (all of one column: NULL together) hold a value. */
export class RowsWithValue implements View {
  from = 0;
  to = 0;
  lo: readonly Int32Array[];
  hi: Int32Array;
  readonly #pending: Pending;
  readonly #stamps: Stamps;
  readonly #lanes: readonly (NumberLane | WideLane)[];
  readonly #map: IndexMap;
  /** The current key has a NULL. */
  #compact = false;

  constructor(pending: Pending, stamps: Stamps, lanes: readonly (NumberLane | WideLane)[]) {
    this.#pending = pending;
    this.#stamps = stamps;
    this.#lanes = lanes;
    this.#map = new IndexMap(stamps);
    this.lo = stamps.lo;
    this.hi = stamps.hi;
  }

  begin(): void {
    const { from, to } = this.#pending;
    const [lane] = this.#lanes;
    const first = lane === undefined || lane.nulls === 0 ? -1 : lane.valid.subarray(from, to).indexOf(0);
    this.#compact = first >= 0;
    if (lane === undefined || !this.#compact) {
      this.from = from;
      this.to = to;
      this.lo = this.#stamps.lo;
      this.hi = this.#stamps.hi;
      return;
    }
    const before = this.#map.reserve(to - from);
    let items = 0;
    for (let row = from; row < to; row++) {
      before[row - from] = items;
      items += lane.valid[row]!;
    }
    before[to - from] = items;
    for (const each of this.#lanes) each.compact(from, to);
    this.from = 0;
    this.to = items;
    this.lo = this.#map.lo;
    this.hi = this.#map.hi;
  }

  follow(first: number, last: number): void {
    if (this.#compact) this.#map.follow(this.#pending.from, first, last);
  }

  numbers(lane: NumberLane): Numbers {
    return { view: this, values: () => this.#compact ? lane.dense : lane.values };
  }

  wides(lane: WideLane): Wides {
    return { view: this, values: () => this.#compact ? lane.dense : lane.values };
  }
}

/** One item for each bucket that has rows: the sum of the bucket's values, rounded once. */
export class BucketSums implements View {
  from = 0;
  to = 0;
  readonly lo: readonly Int32Array[];
  readonly hi: Int32Array;
  readonly #pending: Pending;
  readonly #lane: NumberLane;
  readonly #map: IndexMap;
  #sums = new Float64Array(0);

  constructor(pending: Pending, stamps: Stamps, lane: NumberLane) {
    this.#pending = pending;
    this.#lane = lane;
    this.#map = new IndexMap(stamps);
    this.lo = this.#map.lo;
    this.hi = this.#map.hi;
  }

  begin(): void {
    const { from, to, buckets } = this.#pending;
    const { values } = this.#lane;
    const before = this.#map.reserve(to - from);
    if (this.#sums.length < to - from) this.#sums = new Float64Array(2 * (to - from));
    let items = 0;
    for (let row = from; row < to;) {
      const bucket = buckets[row]!;
      let end = row + 1;
      while (end < to && buckets[end] === bucket) end++;
      this.#sums[items] = end === row + 1 ? values[row]! : bucketSum(values, row, end);
      // Rows of one bucket enter and leave together: only its first row is ever asked for.
      before[row - from] = items++;
      row = end;
    }
    before[to - from] = items;
    this.to = items;
  }

  follow(first: number, last: number): void {
    this.#map.follow(this.#pending.from, first, last);
  }

  numbers(): Numbers {
    return { view: this, values: () => this.#sums };
  }
}
