import type { NumberLane } from "../lane.ts";
import type { Pending } from "../pending.ts";
import type { NumberResult } from "../result.ts";
import type { Held } from "./held.ts";
import { Tree } from "./tree.ts";

/** A sum of doubles. */
export class HeldFloatTotal implements Held {
  readonly #pending: Pending;
  readonly #lane: NumberLane;
  readonly #result: NumberResult;
  readonly #tree: Tree;
  #sums = new Float64Array(0);

  constructor(pending: Pending, lane: NumberLane, result: NumberResult) {
    this.#pending = pending;
    this.#lane = lane;
    this.#result = result;
    this.#tree = new Tree((node, left, right) => this.#sums[node] = this.#sums[left]! + this.#sums[right]!);
  }

  begin(): void {
    const nodes = this.#tree.begin(this.#pending.to - this.#pending.from);
    if (this.#sums.length < nodes) this.#sums = new Float64Array(nodes);
    else this.#sums.fill(0, 0, nodes);
  }

  add(item: number): void {
    this.#set(item, this.#lane.values[this.#pending.from + item]!);
  }

  remove(item: number): void {
    this.#set(item, 0);
  }

  put(row: number): void {
    this.#result.values[row] = this.#sums[1]!;
  }

  #set(item: number, value: number): void {
    const leaf = this.#tree.size + item;
    this.#sums[leaf] = value;
    this.#tree.changed(leaf);
  }
}
