import type { Lane } from "../lane.ts";
import type { Pending } from "../pending.ts";
import type { Aggregate } from "../result.ts";
import type { WindowMoves } from "./moves.ts";

/** What an aggregation keeps of the rows that are in one window. Rows are known by their place in the key. */
export interface Held {
  /** Empties it, for the pending rows' current key. */
  begin(): void;
  add(item: number): void;
  remove(item: number): void;
  /** Writes the result into the chunk's row. */
  put(row: number): void;
}

/** Keeps one Held for each window, and lets it follow who enters and leaves there. */
export class Following implements Aggregate {
  readonly #windows: readonly WindowMoves[];
  readonly #held: readonly (Held | undefined)[];
  readonly #pending: Pending;
  readonly #lane: Lane | undefined;
  readonly #order: { begin(): void } | undefined;

  /** Rows that hold no value in the `lane` (if any) are left out. The `order` that all Held share begins before they do. */
  constructor(
    windows: readonly WindowMoves[],
    held: readonly (Held | undefined)[],
    { pending, lane, order }: {
      pending: Pending;
      lane: Lane | undefined;
      order: { begin(): void } | undefined;
    },
  ) {
    this.#windows = windows;
    this.#held = held;
    this.#pending = pending;
    this.#lane = lane;
    this.#order = order;
  }

  begin(): void {
    this.#order?.begin();
    for (const held of this.#held) held?.begin();
  }

  run(first: number, last: number): void {
    const { from } = this.#pending;
    const valid = this.#lane?.valid;
    this.#held.forEach((held, w) => {
      if (held === undefined) return;
      const { entering, leaving } = this.#windows[w]!;
      let left = leaving.startOf(first);
      let entered = entering.startOf(first);
      for (let row = first; row < last; row++) {
        for (; left < leaving.ends[row]!; left++) {
          const item = leaving.items[left]!;
          if (valid === undefined || valid[from + item] === 1) held.remove(item);
        }
        for (; entered < entering.ends[row]!; entered++) {
          const item = entering.items[entered]!;
          if (valid === undefined || valid[from + item] === 1) held.add(item);
        }
        held.put(row);
      }
    });
  }
}
