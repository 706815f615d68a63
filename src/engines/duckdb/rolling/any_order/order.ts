import { identify, rank, rankWides } from "../aggregate/ranks.ts";
import type { NumberLane, WideLane } from "../lane.ts";
import type { Pending } from "../pending.ts";

/** The order of a key's rows by something, the same for all windows. */
export interface Order<T> {
  /** Per row of the key its rank, a number below theirs; equal ones may have the same. */
  of: Int32Array;
  /** Finds the ranks of the pending rows' current key. */
  begin(): void;
  /** The value of the rows of a rank. */
  at(rank: number): T;
}

/** NaN last. */
export function byNumber(pending: Pending, lane: NumberLane): Order<number> {
  let sorted: Float64Array = new Float64Array(0);
  const order: Order<number> = {
    of: new Int32Array(0),
    begin() {
      ({ sorted, of: order.of } = rank(lane.values, pending.from, pending.to));
    },
    at: (rank) => sorted[rank]!,
  };
  return order;
}

export function byWide(pending: Pending, lane: WideLane): Order<bigint> {
  let sorted: bigint[] = [];
  const order: Order<bigint> = {
    of: new Int32Array(0),
    begin() {
      ({ sorted, of: order.of } = rankWides(lane.values, pending.from, pending.to));
    },
    at: (rank) => sorted[rank]!,
  };
  return order;
}

/** By a lane that counts the key's rows from 1 on; `valueOf` gives the value of a pending row. */
export function byPlace<T>(pending: Pending, places: NumberLane, valueOf: (row: number) => T): Order<T> {
  let items = new Int32Array(0);
  const order: Order<T> = {
    of: new Int32Array(0),
    begin() {
      const { from, to } = pending;
      items = new Int32Array(to - from);
      order.of = new Int32Array(to - from);
      for (let i = 0; i < to - from; i++) {
        const rank = places.values[from + i]! - 1;
        order.of[i] = rank;
        items[rank] = i;
      }
    },
    at: (rank) => valueOf(pending.from + items[rank]!),
  };
  return order;
}

/** In no order: equal values have the same rank, that is all. */
export function byIdentity(pending: Pending, lane: NumberLane | WideLane): Omit<Order<never>, "at"> {
  const order: Omit<Order<never>, "at"> = {
    of: new Int32Array(0),
    begin() {
      const { from, to } = pending;
      order.of = lane.kind === "wide" ? identify(lane.values, from, to) : rank(lane.values, from, to).of;
    },
  };
  return order;
}
