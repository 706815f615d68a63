import type { Aggregate, NumberResult, NumberResults } from "../result.ts";
import type { Numbers } from "../view.ts";
import { add, find, stepOf } from "./fenwick.ts";
import { rank } from "./ranks.ts";

/**
 * The median, halfway between the two middle values where their number is even. Per window a tree counts the values by
 * rank.
 */
export class Median implements Aggregate {
  readonly #numbers: Numbers;
  readonly #results: NumberResults;
  readonly #trees: Int32Array[];
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  #sorted: Float64Array = new Float64Array(0);
  #ranks: Int32Array = new Int32Array(0);
  #from = 0;
  #step = 1;

  constructor(numbers: Numbers, results: NumberResults) {
    this.#numbers = numbers;
    this.#results = results;
    this.#trees = results.map(() => new Int32Array(0));
    this.#starts = new Int32Array(results.length);
    this.#ends = new Int32Array(results.length);
  }

  begin(): void {
    const { from, to } = this.#numbers.view;
    const { sorted, of } = rank(this.#numbers.values(), from, to);
    this.#sorted = sorted;
    this.#ranks = of;
    this.#from = from;
    const size = to - from;
    this.#step = stepOf(size);
    this.#results.forEach((result, w) => {
      if (result === undefined) return;
      const tree = this.#trees[w]!;
      if (tree.length <= size) this.#trees[w] = new Int32Array(size * 2 + 1);
      else tree.fill(0, 0, size + 1);
    });
    this.#starts.fill(from);
    this.#ends.fill(from);
  }

  run(first: number, last: number): void {
    this.#results.forEach((result, w) => {
      if (result !== undefined) this.#window(w, result, first, last);
    });
  }

  #window(w: number, result: NumberResult, first: number, last: number): void {
    const lo = this.#numbers.view.lo[w]!;
    const hi = this.#numbers.view.hi;
    const tree = this.#trees[w]!;
    const size = this.#ranks.length;
    const ranks = this.#ranks;
    const from = this.#from;
    let start = this.#starts[w]!;
    let end = this.#ends[w]!;
    for (let row = first; row < last; row++) {
      for (; end < hi[row]!; end++) add(tree, size, ranks[end - from]!, 1);
      for (; start < lo[row]!; start++) add(tree, size, ranks[start - from]!, -1);
      const count = end - start;
      result.nulls[row] = count === 0 ? 1 : 0;
      if (count === 0) continue;
      const low = this.#sorted[find(tree, size, this.#step, (count - 1) >> 1)]!;
      if (count % 2 === 1) {
        result.values[row] = low;
        continue;
      }
      const high = this.#sorted[find(tree, size, this.#step, count >> 1)]!;
      // DuckDB's formula: it can't overflow.
      result.values[row] = low * 0.5 + high * 0.5;
    }
    this.#starts[w] = start;
    this.#ends[w] = end;
  }
}
