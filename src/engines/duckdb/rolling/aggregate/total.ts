import type { Aggregate, NumberResults, WideResults } from "../result.ts";
import type { View, Wides } from "../view.ts";
import type { Numbers } from "../view.ts";

/** The number of items: count where each item is an event with a value. */
export class Size implements Aggregate {
  readonly #view: View;
  readonly #results: NumberResults;

  constructor(view: View, results: NumberResults) {
    this.#view = view;
    this.#results = results;
  }

  begin(): void {}

  run(first: number, last: number): void {
    const { lo, hi } = this.#view;
    this.#results.forEach((result, w) => {
      if (result === undefined) return;
      const { values } = result;
      const start = lo[w]!;
      for (let row = first; row < last; row++) values[row] = hi[row]! - start[row]!;
    });
  }
}

/**
 * Sums of integers (or unscaled decimals) that doubles hold exactly, since all of them together stay below 2^53: each
 * window is the difference of two running totals.
 */
export class Total implements Aggregate {
  readonly #numbers: Numbers;
  readonly #results: NumberResults;
  /** The sum of the key's items before each one. */
  #before = new Float64Array(0);

  constructor(numbers: Numbers, results: NumberResults) {
    this.#numbers = numbers;
    this.#results = results;
  }

  begin(): void {
    const values = this.#numbers.values();
    const { from, to } = this.#numbers.view;
    if (this.#before.length <= to - from) this.#before = new Float64Array(2 * (to - from) + 1);
    const before = this.#before;
    let total = 0;
    for (let i = from; i < to; i++) {
      before[i - from] = total;
      total += values[i]!;
    }
    before[to - from] = total;
  }

  run(first: number, last: number): void {
    const { lo, hi, from } = this.#numbers.view;
    const before = this.#before;
    this.#results.forEach((result, w) => {
      if (result === undefined) return;
      const { values } = result;
      const start = lo[w]!;
      for (let row = first; row < last; row++) {
        values[row] = before[hi[row]! - from]! - before[start[row]! - from]!;
      }
    });
  }
}

/** The same for larger sums. */
export class WideTotal implements Aggregate {
  readonly #wides: Wides;
  readonly #results: WideResults;
  readonly #before: bigint[] = [];

  constructor(wides: Wides, results: WideResults) {
    this.#wides = wides;
    this.#results = results;
  }

  begin(): void {
    const values = this.#wides.values();
    const { from, to } = this.#wides.view;
    let total = 0n;
    for (let i = from; i < to; i++) {
      this.#before[i - from] = total;
      total += values[i]!;
    }
    this.#before[to - from] = total;
  }

  run(first: number, last: number): void {
    const { lo, hi, from } = this.#wides.view;
    this.#results.forEach((result, w) => {
      if (result === undefined) return;
      const start = lo[w]!;
      for (let row = first; row < last; row++) {
        result.values[row] = this.#before[hi[row]! - from]! - this.#before[start[row]! - from]!;
      }
    });
  }
}
