import { add, find, stepOf } from "../aggregate/fenwick.ts";
import type { Held } from "./held.ts";
import type { Order } from "./order.ts";

/** What a window with `count` rows, one or more, gives; `nth` is the value of the one that has so many before it. */
export type Reading<T> = (count: number, nth: (before: number) => T) => T;

/** What depends on the order of values, or of rows: least and greatest, median, first and last. */
export class HeldRanked<T> implements Held {
  readonly #order: Order<T>;
  readonly #result: { values: { [row: number]: T }; nulls: Uint8Array };
  readonly #read: Reading<T>;
  #tree = new Int32Array(0);
  #count = 0;
  #step = 0;

  constructor(
    order: Order<T>,
    result: { values: { [row: number]: T }; nulls: Uint8Array },
    read: Reading<T>,
  ) {
    this.#order = order;
    this.#result = result;
    this.#read = read;
  }

  begin(): void {
    const size = this.#order.of.length;
    if (this.#tree.length <= size) this.#tree = new Int32Array(2 * size + 1);
    else this.#tree.fill(0, 0, size + 1);
    this.#step = stepOf(size);
    this.#count = 0;
  }

  add(item: number): void {
    this.#change(item, 1);
  }

  remove(item: number): void {
    this.#change(item, -1);
  }

  put(row: number): void {
    this.#result.nulls[row] = this.#count === 0 ? 1 : 0;
    if (this.#count > 0) this.#result.values[row] = this.#read(this.#count, this.#nth);
  }

  #change(item: number, by: 1 | -1): void {
    const { of } = this.#order;
    add(this.#tree, of.length, of[item]!, by);
    this.#count += by;
  }

  readonly #nth = (before: number): T =>
    this.#order.at(find(this.#tree, this.#order.of.length, this.#step, before));
}

/** The first of them in their order, or the last. */
export const READINGS: Readonly<
  Record<"min" | "max" | "first" | "last", <T>(count: number, nth: (before: number) => T) => T>
> = {
  min: (_count, nth) => nth(0),
  max: (count, nth) => nth(count - 1),
  first: (_count, nth) => nth(0),
  last: (count, nth) => nth(count - 1),
};

/** Halfway between the two middle ones where their number is even; DuckDB's formula, which can't overflow. */
export function median(count: number, nth: (before: number) => number): number {
  const low = nth((count - 1) >> 1);
  return count % 2 === 1 ? low : low * 0.5 + nth(count >> 1) * 0.5;
}
