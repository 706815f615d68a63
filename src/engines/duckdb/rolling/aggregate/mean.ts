import type { Aggregate, NumberResults, Result } from "../result.ts";

/** The mean, of a sum and a count that have run before. */
export class Mean implements Aggregate {
  readonly #sums: readonly (Result | undefined)[];
  readonly #counts: NumberResults;
  readonly #results: NumberResults;
  /** What the sums are multiples of: 10^-scale. */
  readonly #unit: number;

  constructor(
    sums: readonly (Result | undefined)[],
    counts: NumberResults,
    results: NumberResults,
    scale: number,
  ) {
    this.#sums = sums;
    this.#counts = counts;
    this.#results = results;
    this.#unit = 10 ** scale;
  }

  begin(): void {}

  run(first: number, last: number): void {
    const unit = this.#unit;
    this.#results.forEach((result, w) => {
      const sums = this.#sums[w];
      const counts = this.#counts[w];
      if (result === undefined || sums === undefined || counts === undefined) return;
      for (let row = first; row < last; row++) {
        const count = counts.values[row]!;
        const sum = sums.kind === "wide" ? Number(sums.values[row]!) : sums.values[row]!;
        result.values[row] = unit === 1 ? sum / count : sum / unit / count;
        result.nulls[row] = count === 0 ? 1 : 0;
      }
    });
  }
}
