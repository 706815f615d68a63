import { MlforgeError } from "../../../../error.ts";
import type { Aggregate, NumberResult, NumberResults } from "../result.ts";
import type { Numbers } from "../view.ts";
import { Queues } from "./queue.ts";

/**
 * The sample's standard deviation. Each stack keeps count, mean and the sum of squared distances from the mean (M2),
 * joined by Chan's formula ("Updating Formulae and a Pairwise Algorithm", 1979): no difference of large squares, so
 * values far from zero keep their digits. A queue of two stacks, as in FloatTotal.
 */
export class Deviation implements Aggregate {
  readonly #numbers: Numbers;
  readonly #results: NumberResults;
  readonly #refuse: () => never;
  readonly #queues: Queues;
  readonly #means: Float64Array[];
  readonly #squares: Float64Array[];
  readonly #backMeans: Float64Array;
  readonly #backSquares: Float64Array;

  /** `refuse` is called where the result is no number: for NaN, infinities and overflow, as DuckDB does. */
  constructor(numbers: Numbers, results: NumberResults, refuse: () => never) {
    this.#numbers = numbers;
    this.#results = results;
    this.#refuse = refuse;
    this.#queues = new Queues(results.length);
    this.#means = results.map(() => new Float64Array(0));
    this.#squares = results.map(() => new Float64Array(0));
    this.#backMeans = new Float64Array(results.length);
    this.#backSquares = new Float64Array(results.length);
  }

  begin(): void {
    const { from, to } = this.#numbers.view;
    this.#queues.begin(from);
    this.#backMeans.fill(0);
    this.#backSquares.fill(0);
    for (let w = 0; w < this.#means.length; w++) {
      if (this.#means[w]!.length >= to) continue;
      this.#means[w] = new Float64Array(to * 2);
      this.#squares[w] = new Float64Array(to * 2);
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
    const means = this.#means[w]!;
    const squares = this.#squares[w]!;
    let middle = this.#queues.middle[w]!;
    let top = this.#queues.top[w]!;
    let backMean = this.#backMeans[w]!;
    let backSquares = this.#backSquares[w]!;
    for (let row = first; row < last; row++) {
      const start = lo[row]!;
      const end = hi[row]!;
      if (start >= middle) {
        let mean = 0;
        let square = 0;
        for (let i = end - 1; i >= start; i--) {
          const distance = values[i]! - mean;
          mean += distance / (end - i);
          square += distance * (values[i]! - mean);
          means[i] = mean;
          squares[i] = square;
        }
        middle = top = end;
        backMean = backSquares = 0;
      }
      for (; top < end; top++) {
        const distance = values[top]! - backMean;
        backMean += distance / (top + 1 - middle);
        backSquares += distance * (values[top]! - backMean);
      }
      const count = end - start;
      result.nulls[row] = count < 2 ? 1 : 0;
      if (count < 2) continue;
      const behind = end - middle;
      const distance = backMean - means[start]!;
      const square = squares[start]! + backSquares +
        (behind === 0 ? 0 : distance * distance * ((middle - start) * behind / count));
      const deviation = Math.sqrt(square / (count - 1));
      if (!Number.isFinite(deviation)) this.#refuse();
      result.values[row] = deviation;
    }
    this.#queues.middle[w] = middle;
    this.#queues.top[w] = top;
    this.#backMeans[w] = backMean;
    this.#backSquares[w] = backSquares;
  }
}

export function refuseDeviation(column: string): never {
  throw new MlforgeError("failed", `The std of column "${column}" is no number in some window`, {
    hint:
      `A value is NaN, infinite or too large: leave it out in SQL, with CASE WHEN isfinite(...) THEN ... END.`,
  });
}
