import type { NumberLane } from "../lane.ts";
import type { StampSource } from "../moving.ts";
import type { Pending } from "../pending.ts";
import { VECTOR } from "../physical.ts";

/** Lanes (buckets as `Pending` numbers them) that say when rows leave. */
export interface LeavingLanes {
  /** The bucket that the row's own time lies in. */
  own: NumberLane;
  /** The bucket in which another version of the row is known, where there is one. */
  until: NumberLane | undefined;
}

/**
 * The stamps of one key whose rows leave in another order than they enter in. Rows come in the order in which they enter: a
 * row of bucket b (that of its time, or of the moment it was known at, if that is later) enters at the stamp b + 1. It leaves a
 * window of w buckets w buckets after its own bucket's end, or at the end of the bucket in which it is replaced. Where that
 * is not later than its entry, it never was in that window.
 */
export class Moves implements StampSource {
  readonly stamp = new Int32Array(VECTOR);
  /** Per window: who enters and who leaves, row by row of the chunk that is being made. */
  readonly windows: readonly WindowMoves[];
  readonly #lanes: LeavingLanes;
  /** Rows beyond it are not wanted. */
  readonly #last: number;

  /** `windows` in buckets. */
  constructor(windows: readonly number[], lanes: LeavingLanes, last: number) {
    this.windows = windows.map((width) => new WindowMoves(width));
    this.#lanes = lanes;
    this.#last = last;
  }

  begin(pending: Pending): void {
    for (const window of this.windows) window.begin(pending, this.#lanes);
  }

  fill(row: number): number {
    if (row === 0) { for (const window of this.windows) window.clear(); }
    for (; row < VECTOR; row++) {
      let next = Infinity;
      for (const window of this.windows) next = Math.min(next, window.next());
      if (next > this.#last) break;
      this.stamp[row] = next;
      for (const window of this.windows) window.move(next, row);
    }
    return row;
  }
}

/** Who enters one window and who leaves it: rows by their place in the key. */
export class WindowMoves {
  readonly entering = new Log();
  readonly leaving = new Log();
  readonly #width: number;
  /** Per row of the key: the stamp at which it enters, and at which it leaves. */
  #enters = new Float64Array(0);
  #leaves = new Float64Array(0);
  /** The rows that are ever in the window, as they enter and as they leave. */
  #byEntry = new Int32Array(0);
  #byLeave = new Int32Array(0);
  #count = 0;
  #entered = 0;
  #left = 0;

  constructor(width: number) {
    this.#width = width;
  }

  begin({ buckets, from, to }: Pending, { own, until }: LeavingLanes): void {
    this.#reserve(to - from);
    const enters = this.#enters;
    const leaves = this.#leaves;
    let count = 0;
    let sorted = true;
    for (let i = 0; i < to - from; i++) {
      const row = from + i;
      const old = own.values[row]! + 1 + this.#width;
      const replaced = until?.valid[row] === 1 ? until.values[row]! + 1 : Infinity;
      enters[i] = buckets[row]! + 1;
      leaves[i] = Math.min(old, replaced);
      if (leaves[i]! <= enters[i]!) continue;
      if (count > 0 && leaves[i]! < leaves[this.#byEntry[count - 1]!]!) sorted = false;
      this.#byEntry[count++] = i;
    }
    this.#byLeave.set(this.#byEntry.subarray(0, count));
    if (!sorted) this.#byLeave.subarray(0, count).sort((a, b) => leaves[a]! - leaves[b]!);
    this.#count = count;
    this.#entered = this.#left = 0;
  }

  /** Forgets what moved in the chunk before. */
  clear(): void {
    this.entering.clear();
    this.leaving.clear();
  }

  /** The next stamp at which a row enters or leaves. */
  next(): number {
    const enters = this.#entered < this.#count ? this.#enters[this.#byEntry[this.#entered]!]! : Infinity;
    const leaves = this.#left < this.#count ? this.#leaves[this.#byLeave[this.#left]!]! : Infinity;
    return Math.min(enters, leaves);
  }

  /** Notes what moves at the stamp, for the chunk's row. */
  move(stamp: number, row: number): void {
    for (; this.#left < this.#count; this.#left++) {
      const i = this.#byLeave[this.#left]!;
      if (this.#leaves[i]! > stamp) break;
      this.leaving.add(i);
    }
    for (; this.#entered < this.#count; this.#entered++) {
      const i = this.#byEntry[this.#entered]!;
      if (this.#enters[i]! > stamp) break;
      this.entering.add(i);
    }
    this.leaving.end(row);
    this.entering.end(row);
  }

  #reserve(rows: number): void {
    if (this.#enters.length >= rows) return;
    this.#enters = new Float64Array(2 * rows);
    this.#leaves = new Float64Array(2 * rows);
    this.#byEntry = new Int32Array(2 * rows);
    this.#byLeave = new Int32Array(2 * rows);
  }
}

/** Rows of the key, listed by rows of the chunk. */
export class Log {
  items = new Int32Array(VECTOR);
  /** Per row of the chunk: where its items end. */
  readonly ends = new Int32Array(VECTOR);
  #count = 0;

  clear(): void {
    this.#count = 0;
  }

  add(item: number): void {
    if (this.#count === this.items.length) {
      const larger = new Int32Array(2 * this.#count);
      larger.set(this.items);
      this.items = larger;
    }
    this.items[this.#count++] = item;
  }

  end(row: number): void {
    this.ends[row] = this.#count;
  }

  startOf(row: number): number {
    return row === 0 ? 0 : this.ends[row - 1]!;
  }
}
