import { inAnyOrder } from "./any_order/in_any_order.ts";
import { inOrder } from "./in_order.ts";
import type { Moving, StampSource } from "./moving.ts";
import type { Pending } from "./pending.ts";
import { VECTOR } from "./physical.ts";
import type { AggregateSpec, Plan } from "./plan.ts";
import type { Result } from "./result.ts";

/**
 * Takes the pending rows key by key and fills chunks of results: first the stamps of a key and what lies in each window
 * there, then, aggregation by aggregation, all its rows in one go, so that the innermost loops are over plain arrays.
 */
export class Kernel {
  readonly stamps: StampSource;
  /** Rows of the chunk that is being made. */
  rows = 0;
  readonly #pending: Pending;
  readonly #moving: Moving;
  readonly #onKey: (pending: Pending, first: number, last: number) => void;
  #inKey = false;

  /** `onKey` writes the current key into the rows `first..last` of the chunk. No stamp will be beyond `last`. */
  constructor(
    plan: Plan,
    pending: Pending,
    last: number,
    onKey: (pending: Pending, first: number, last: number) => void,
  ) {
    this.#pending = pending;
    this.#onKey = onKey;
    this.#moving = plan.validity === undefined
      ? inOrder(plan, pending, last)
      : inAnyOrder(plan, plan.validity, pending, last);
    this.stamps = this.#moving.stamps;
  }

  results(spec: AggregateSpec): readonly (Result | undefined)[] {
    return this.#moving.results.get(spec) ?? [];
  }

  /** Goes on until a chunk is full (true: to be taken, and `rows` set back to 0) or there is no whole key (false). */
  fill(): boolean {
    const { views, aggregates } = this.#moving;
    for (;;) {
      if (!this.#inKey) {
        if (!this.#pending.next()) return false;
        this.stamps.begin(this.#pending);
        for (const view of views) view.begin();
        for (const aggregate of aggregates) aggregate.begin();
        this.#inKey = true;
      }
      const first = this.rows;
      const last = this.stamps.fill(first);
      if (last > first) {
        for (const view of views) view.follow(first, last);
        for (const aggregate of aggregates) aggregate.run(first, last);
        this.#onKey(this.#pending, first, last);
        this.rows = last;
      }
      if (last === VECTOR) return true;
      this.#inKey = false;
    }
  }
}
