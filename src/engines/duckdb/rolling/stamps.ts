import type { StampSource } from "./moving.ts";
import type { Pending } from "./pending.ts";
import { VECTOR } from "./physical.ts";

/**
 * The stamps of one key, and what lies in each window there. All times are numbers of buckets: a row of bucket b is in
 * a window of w buckets at the stamps b + 1 (the bucket's end) up to b + w, and not any more at b + 1 + w.
 */
export class Stamps implements StampSource {
  readonly stamp = new Int32Array(VECTOR);
  /** Per window and row: the first of the key's rows that lies in the window ... */
  readonly lo: readonly Int32Array[];
  /** ... and per row the one after the last. Indexes into the pending rows. */
  readonly hi = new Int32Array(VECTOR);
  /** In buckets, ascending. */
  readonly windows: readonly number[];
  /** Rows beyond it are not wanted. */
  readonly #last: number;
  readonly #starts: Int32Array;
  readonly #widths: Int32Array;
  #buckets = new Int32Array(0);
  #entered = 0;
  #end = 0;

  constructor(windows: readonly number[], last: number) {
    this.windows = windows;
    this.#last = last;
    this.lo = windows.map(() => new Int32Array(VECTOR));
    this.#starts = new Int32Array(windows.length);
    this.#widths = Int32Array.from(windows);
  }

  begin({ buckets, from, to }: Pending): void {
    this.#buckets = buckets;
    this.#entered = from;
    this.#end = to;
    this.#starts.fill(from);
  }

  fill(row: number): number {
    const { stamp, hi, lo } = this;
    const buckets = this.#buckets;
    const starts = this.#starts;
    const widths = this.#widths;
    const end = this.#end;
    const last = this.#last;
    let entered = this.#entered;
    for (; row < VECTOR; row++) {
      // The next moment at which a row enters or leaves a window.
      let next = entered < end ? buckets[entered]! + 1 : Infinity;
      for (let w = 0; w < widths.length; w++) {
        const start = starts[w]!;
        if (start < entered) {
          const leaves = buckets[start]! + 1 + widths[w]!;
          if (leaves < next) next = leaves;
        }
      }
      if (next > last) break;
      while (entered < end && buckets[entered]! < next) entered++;
      for (let w = 0; w < widths.length; w++) {
        const before = next - widths[w]!;
        let start = starts[w]!;
        while (start < entered && buckets[start]! < before) start++;
        starts[w] = start;
        lo[w]![row] = start;
      }
      stamp[row] = next;
      hi[row] = entered;
    }
    this.#entered = entered;
    return row;
  }
}
