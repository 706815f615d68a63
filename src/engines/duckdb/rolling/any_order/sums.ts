import type { NumberLane, WideLane } from "../lane.ts";
import type { Pending } from "../pending.ts";
import type { NumberResult, WideResult } from "../result.ts";
import type { Held } from "./held.ts";

/** How many there are. */
export class HeldCount implements Held {
  readonly #result: NumberResult;
  #count = 0;

  constructor(result: NumberResult) {
    this.#result = result;
  }

  begin(): void {
    this.#count = 0;
  }

  add(): void {
    this.#count++;
  }

  remove(): void {
    this.#count--;
  }

  put(row: number): void {
    this.#result.values[row] = this.#count;
  }
}

/** A sum of integers (or unscaled decimals) that doubles hold exactly, whatever part of the key they are summed over. */
export class HeldTotal implements Held {
  readonly #pending: Pending;
  readonly #lane: NumberLane;
  readonly #result: NumberResult;
  #total = 0;

  constructor(pending: Pending, lane: NumberLane, result: NumberResult) {
    this.#pending = pending;
    this.#lane = lane;
    this.#result = result;
  }

  begin(): void {
    this.#total = 0;
  }

  add(item: number): void {
    this.#total += this.#lane.values[this.#pending.from + item]!;
  }

  remove(item: number): void {
    this.#total -= this.#lane.values[this.#pending.from + item]!;
  }

  put(row: number): void {
    this.#result.values[row] = this.#total;
  }
}

/** The same for larger sums. */
export class HeldWideTotal implements Held {
  readonly #pending: Pending;
  readonly #lane: WideLane;
  readonly #result: WideResult;
  #total = 0n;

  constructor(pending: Pending, lane: WideLane, result: WideResult) {
    this.#pending = pending;
    this.#lane = lane;
    this.#result = result;
  }

  begin(): void {
    this.#total = 0n;
  }

  add(item: number): void {
    this.#total += this.#lane.values[this.#pending.from + item]!;
  }

  remove(item: number): void {
    this.#total -= this.#lane.values[this.#pending.from + item]!;
  }

  put(row: number): void {
    this.#result.values[row] = this.#total;
  }
}
