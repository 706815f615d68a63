import type { Aggregate, NumberResult, NumberResults } from "../result.ts";
import type { Numbers } from "../view.ts";
import { Queues } from "./queue.ts";

/**
 * Sums of doubles. What leaves a window is never subtracted (that would leave rounding errors behind, and NaN for
 * infinities), yet no item is added more than twice: a queue of two stacks. Its front holds, for each item, the sum
 * from there to the front's end; its back, one sum; an empty front is filled anew from the back. When that happens
 * depends on earlier stamps only, so what comes later can't change a bit of a sum.
 */
export class FloatTotal implements Aggregate {
  readonly #numbers: Numbers;
  readonly #results: NumberResults;
  readonly #queues: Queues;
  readonly #fronts: Float64Array[];
  readonly #backs: Float64Array;

  constructor(numbers: Numbers, results: NumberResults) {
    this.#numbers = numbers;
    this.#results = results;
    this.#queues = new Queues(results.length);
    this.#fronts = results.map(() => new Float64Array(0));
    this.#backs = new Float64Array(results.length);
  }

  begin(): void {
    const { from, to } = this.#numbers.view;
    this.#queues.begin(from);
    this.#backs.fill(0);
    for (let w = 0; w < this.#fronts.length; w++) {
      if (this.#fronts[w]!.length < to) this.#fronts[w] = new Float64Array(to * 2);
    }
  }

  run(first: number, last: number): void {
    const values = this.#numbers.values();
    this.#results.forEach((result, w) => {
      if (result !== undefined) this.#window(w, values, result, first, last);
    });
  }

  #window(w: number, values: Float64Array, result: NumberResult, first: number, last: number): void {
    const lo = this.#numbers.view.lo[w]!;
    const hi = this.#numbers.view.hi;
    const front = this.#fronts[w]!;
    const out = result.values;
    let middle = this.#queues.middle[w]!;
    let top = this.#queues.top[w]!;
    let back = this.#backs[w]!;
    for (let row = first; row < last; row++) {
      const start = lo[row]!;
      const end = hi[row]!;
      if (start >= middle) {
        let sum = 0;
        for (let i = end - 1; i >= start; i--) {
          sum += values[i]!;
          front[i] = sum;
        }
        middle = top = end;
        back = 0;
        out[row] = sum;
      } else {
        while (top < end) back += values[top++]!;
        out[row] = front[start]! + back;
      }
    }
    this.#queues.middle[w] = middle;
    this.#queues.top[w] = top;
    this.#backs[w] = back;
  }
}
