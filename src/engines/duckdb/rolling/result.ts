import { VECTOR } from "./physical.ts";

/** What an aggregation gives over one window, for the rows of the chunk that is being made. */
export class NumberResult {
  readonly kind = "number";
  readonly values = new Float64Array(VECTOR);
  /** 1 where the result is NULL. */
  readonly nulls = new Uint8Array(VECTOR);
}

/** The same where a double can't hold it. */
export class WideResult {
  readonly kind = "wide";
  readonly values: bigint[] = Array.from({ length: VECTOR }, () => 0n);
  readonly nulls = new Uint8Array(VECTOR);
}

export type Result = NumberResult | WideResult;

/** By window; undefined where nobody asked for that one. */
export type NumberResults = readonly (NumberResult | undefined)[];
export type WideResults = readonly (WideResult | undefined)[];

/** One aggregation of one column, over all its windows. */
export interface Aggregate {
  /** Takes the current key's items; its view has begun before. */
  begin(): void;
  /** Fills its results for the rows `first..last` of the chunk, which come in order. */
  run(first: number, last: number): void;
}
