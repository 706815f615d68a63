import type { Aggregate, NumberResults, WideResults } from "../result.ts";
import type { Numbers, Wides } from "../view.ts";

/** first or last: the items are in the order of time, ties in that of all columns. */
export class Edge implements Aggregate {
  readonly #numbers: Numbers;
  readonly #results: NumberResults;
  readonly #last: boolean;

  constructor(numbers: Numbers, results: NumberResults, kind: "first" | "last") {
    this.#numbers = numbers;
    this.#results = results;
    this.#last = kind === "last";
  }

  begin(): void {}

  run(first: number, last: number): void {
    const from = this.#numbers.values();
    const { lo, hi } = this.#numbers.view;
    this.#results.forEach((result, w) => {
      if (result === undefined) return;
      const { values, nulls } = result;
      for (let row = first; row < last; row++) {
        const start = lo[w]![row]!;
        const end = hi[row]!;
        nulls[row] = start < end ? 0 : 1;
        values[row] = start < end ? from[this.#last ? end - 1 : start]! : 0;
      }
    });
  }
}

export class WideEdge implements Aggregate {
  readonly #wides: Wides;
  readonly #results: WideResults;
  readonly #last: boolean;

  constructor(wides: Wides, results: WideResults, kind: "first" | "last") {
    this.#wides = wides;
    this.#results = results;
    this.#last = kind === "last";
  }

  begin(): void {}

  run(first: number, last: number): void {
    const from = this.#wides.values();
    const { lo, hi } = this.#wides.view;
    this.#results.forEach((result, w) => {
      if (result === undefined) return;
      const { values, nulls } = result;
      for (let row = first; row < last; row++) {
        const start = lo[w]![row]!;
        const end = hi[row]!;
        nulls[row] = start < end ? 0 : 1;
        values[row] = start < end ? from[this.#last ? end - 1 : start]! : 0n;
      }
    });
  }
}
