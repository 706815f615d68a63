import type { NumberResult } from "../result.ts";
import type { Held } from "./held.ts";
import type { Order } from "./order.ts";

/** count_distinct. Rows of equal values have equal ranks. */
export class HeldDistinct implements Held {
  readonly #order: Pick<Order<never>, "of">;
  readonly #result: NumberResult;
  #counts = new Int32Array(0);
  #distinct = 0;

  constructor(order: Pick<Order<never>, "of">, result: NumberResult) {
    this.#order = order;
    this.#result = result;
  }

  begin(): void {
    const size = this.#order.of.length;
    if (this.#counts.length < size) this.#counts = new Int32Array(2 * size);
    else this.#counts.fill(0, 0, size);
    this.#distinct = 0;
  }

  add(item: number): void {
    if (this.#counts[this.#order.of[item]!]!++ === 0) this.#distinct++;
  }

  remove(item: number): void {
    if (--this.#counts[this.#order.of[item]!]! === 0) this.#distinct--;
  }

  put(row: number): void {
    this.#result.values[row] = this.#distinct;
  }
}
