import type { NumberLane } from "../lane.ts";
import type { Pending } from "../pending.ts";
import type { NumberResult } from "../result.ts";
import type { Held } from "./held.ts";
import { Tree } from "./tree.ts";

/** The sample's standard deviation: nodes keep count, mean and M2, joined by the formula that `Deviation` names. */
export class HeldDeviation implements Held {
  readonly #pending: Pending;
  readonly #lane: NumberLane;
  readonly #result: NumberResult;
  readonly #refuse: () => never;
  readonly #tree: Tree;
  #counts = new Int32Array(0);
  #means = new Float64Array(0);
  #squares = new Float64Array(0);

  /** `refuse` as for `Deviation`. */
  constructor(pending: Pending, lane: NumberLane, result: NumberResult, refuse: () => never) {
    this.#pending = pending;
    this.#lane = lane;
    this.#result = result;
    this.#refuse = refuse;
    this.#tree = new Tree((node, left, right) => this.#join(node, left, right));
  }

  begin(): void {
    const nodes = this.#tree.begin(this.#pending.to - this.#pending.from);
    if (this.#counts.length < nodes) {
      this.#counts = new Int32Array(nodes);
      this.#means = new Float64Array(nodes);
      this.#squares = new Float64Array(nodes);
    } else {
      // What a node without values has as mean and M2 is never read.
      this.#counts.fill(0, 0, nodes);
    }
  }

  add(item: number): void {
    const leaf = this.#tree.size + item;
    this.#counts[leaf] = 1;
    this.#means[leaf] = this.#lane.values[this.#pending.from + item]!;
    this.#squares[leaf] = 0;
    this.#tree.changed(leaf);
  }

  remove(item: number): void {
    const leaf = this.#tree.size + item;
    this.#counts[leaf] = 0;
    this.#tree.changed(leaf);
  }

  put(row: number): void {
    const count = this.#counts[1]!;
    this.#result.nulls[row] = count < 2 ? 1 : 0;
    if (count < 2) return;
    const deviation = Math.sqrt(this.#squares[1]! / (count - 1));
    if (!Number.isFinite(deviation)) this.#refuse();
    this.#result.values[row] = deviation;
  }

  #join(node: number, left: number, right: number): void {
    const [counts, means, squares] = [this.#counts, this.#means, this.#squares];
    const before = counts[left]!;
    const after = counts[right]!;
    counts[node] = before + after;
    if (before === 0 || after === 0) {
      const only = after === 0 ? left : right;
      means[node] = means[only]!;
      squares[node] = squares[only]!;
      return;
    }
    const distance = means[right]! - means[left]!;
    means[node] = means[left]! + distance * (after / (before + after));
    squares[node] = squares[left]! + squares[right]! +
      distance * distance * (before * after / (before + after));
  }
}
