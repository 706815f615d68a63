import type { Aggregate, NumberResult, NumberResults, WideResults } from "../result.ts";
import type { Numbers, Wides } from "../view.ts";
import { Queues } from "./queue.ts";

/** NaN is the greatest of all numbers, as it is for DuckDB: so it is what a least value starts from. */
export function least(a: number, b: number): number {
  return a < b || b !== b ? a : b;
}

export function greatest(a: number, b: number): number {
  return b > a || b !== b ? b : a;
}

/** min or max: a queue of two stacks, as in FloatTotal. */
export class Extreme implements Aggregate {
  readonly #numbers: Numbers;
  readonly #results: NumberResults;
  readonly #max: boolean;
  readonly #queues: Queues;
  readonly #fronts: Float64Array[];
  readonly #backs: Float64Array;

  constructor(numbers: Numbers, results: NumberResults, kind: "min" | "max") {
    this.#numbers = numbers;
    this.#results = results;
    this.#max = kind === "max";
    this.#queues = new Queues(results.length);
    this.#fronts = results.map(() => new Float64Array(0));
    this.#backs = new Float64Array(results.length);
  }

  begin(): void {
    const { from, to } = this.#numbers.view;
    this.#queues.begin(from);
    this.#backs.fill(this.#max ? -Infinity : NaN);
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
    const max = this.#max;
    const neutral = max ? -Infinity : NaN;
    let middle = this.#queues.middle[w]!;
    let top = this.#queues.top[w]!;
    let back = this.#backs[w]!;
    for (let row = first; row < last; row++) {
      const start = lo[row]!;
      const end = hi[row]!;
      let best: number;
      if (start >= middle) {
        best = neutral;
        for (let i = end - 1; i >= start; i--) {
          best = max ? greatest(best, values[i]!) : least(best, values[i]!);
          front[i] = best;
        }
        middle = top = end;
        back = neutral;
      } else {
        for (; top < end; top++) back = max ? greatest(back, values[top]!) : least(back, values[top]!);
        best = max ? greatest(front[start]!, back) : least(front[start]!, back);
      }
      result.values[row] = best;
      result.nulls[row] = start < end ? 0 : 1;
    }
    this.#queues.middle[w] = middle;
    this.#queues.top[w] = top;
    this.#backs[w] = back;
  }
}

/** The same for values of more than 53 bits: a queue of the items that no later one outdoes, best first. */
export class WideExtreme implements Aggregate {
  readonly #wides: Wides;
  readonly #results: WideResults;
  readonly #sign: bigint;
  /** Per window: items, of which those from `#heads` on count. */
  readonly #candidates: number[][];
  readonly #heads: Int32Array;
  readonly #tops: Int32Array;

  constructor(wides: Wides, results: WideResults, kind: "min" | "max") {
    this.#wides = wides;
    this.#results = results;
    this.#sign = kind === "max" ? 1n : -1n;
    this.#candidates = results.map(() => []);
    this.#heads = new Int32Array(results.length);
    this.#tops = new Int32Array(results.length);
  }

  begin(): void {
    for (const candidates of this.#candidates) candidates.length = 0;
    this.#heads.fill(0);
    this.#tops.fill(this.#wides.view.from);
  }

  run(first: number, last: number): void {
    const values = this.#wides.values();
    const { lo, hi } = this.#wides.view;
    this.#results.forEach((result, w) => {
      if (result === undefined) return;
      const candidates = this.#candidates[w]!;
      let head = this.#heads[w]!;
      let top = this.#tops[w]!;
      for (let row = first; row < last; row++) {
        const start = lo[w]![row]!;
        for (; top < hi[row]!; top++) {
          const value = values[top]! * this.#sign;
          while (candidates.length > head && values[candidates.at(-1)!]! * this.#sign <= value) {
            candidates.pop();
          }
          candidates.push(top);
        }
        while (head < candidates.length && candidates[head]! < start) head++;
        const best = candidates[head];
        result.nulls[row] = best === undefined ? 1 : 0;
        result.values[row] = best === undefined ? 0n : values[best]!;
      }
      this.#heads[w] = head;
      this.#tops[w] = top;
    });
  }
}
