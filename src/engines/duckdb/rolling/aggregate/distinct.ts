import type { Aggregate, NumberResults } from "../result.ts";
import type { Numbers, View, Wides } from "../view.ts";
import { identify, rank } from "./ranks.ts";

/** count_distinct: how often each of the key's values is in the window, and how many are at all. */
export class Distinct implements Aggregate {
  readonly #view: View;
  /** For each item a number below their number, the same for equal values. */
  readonly #identify: () => Int32Array;
  readonly #results: NumberResults;
  readonly #counts: Int32Array[];
  readonly #distinct: Int32Array;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  #ids: Int32Array = new Int32Array(0);

  constructor(view: View, identify: () => Int32Array, results: NumberResults) {
    this.#view = view;
    this.#identify = identify;
    this.#results = results;
    this.#counts = results.map(() => new Int32Array(0));
    this.#distinct = new Int32Array(results.length);
    this.#starts = new Int32Array(results.length);
    this.#ends = new Int32Array(results.length);
  }

  static ofNumbers(numbers: Numbers, results: NumberResults): Distinct {
    const identify = () => rank(numbers.values(), numbers.view.from, numbers.view.to).of;
    return new Distinct(numbers.view, identify, results);
  }

  static ofWides(wides: Wides, results: NumberResults): Distinct {
    return new Distinct(wides.view, () => identify(wides.values(), wides.view.from, wides.view.to), results);
  }

  begin(): void {
    const { from } = this.#view;
    this.#ids = this.#identify();
    const size = this.#ids.length;
    this.#results.forEach((result, w) => {
      if (result === undefined) return;
      if (this.#counts[w]!.length < size) this.#counts[w] = new Int32Array(size * 2);
      else this.#counts[w]!.fill(0, 0, size);
    });
    this.#distinct.fill(0);
    this.#starts.fill(from);
    this.#ends.fill(from);
  }

  run(first: number, last: number): void {
    const { lo, hi, from } = this.#view;
    const ids = this.#ids;
    this.#results.forEach((result, w) => {
      if (result === undefined) return;
      const counts = this.#counts[w]!;
      let distinct = this.#distinct[w]!;
      let start = this.#starts[w]!;
      let end = this.#ends[w]!;
      for (let row = first; row < last; row++) {
        for (; end < hi[row]!; end++) if (counts[ids[end - from]!]!++ === 0) distinct++;
        for (; start < lo[w]![row]!; start++) if (--counts[ids[start - from]!]! === 0) distinct--;
        result.values[row] = distinct;
      }
      this.#distinct[w] = distinct;
      this.#starts[w] = start;
      this.#ends[w] = end;
    });
  }
}
