/** Bits of a double's mantissa that tell buckets apart: a bucket is at most 1/128 of its values wide. */
const MANTISSA_BITS = 7;
const SHIFT = 20 - MANTISSA_BITS;
const PAGE_BITS = 10;
const PAGE = 1 << PAGE_BITS;
/** Buckets of all doubles: sign, 11 bits of exponent, mantissa. */
const BUCKETS = 1 << (1 + 11 + MANTISSA_BITS);
const HALF = BUCKETS / 2;

/**
 * Counts values in buckets of logarithmic width, which are the highest bits of a double: a DDSketch (Masson, Rim, Lee
 * 2019) whose mapping costs a shift. A quantile is found to 1/128 of its value, whatever the distribution, and the same
 * for any order.
 */
export class Quantiles {
  /** Values lie near each other: of all pages only a few are ever made. */
  readonly #pages: (Uint32Array | undefined)[] = Array.from({ length: BUCKETS / PAGE });
  readonly #value = new Float64Array(1);
  readonly #words = new Int32Array(this.#value.buffer);
  #count = 0;

  take(values: Float64Array, count: number): void {
    const pages = this.#pages;
    const words = new Int32Array(values.buffer, values.byteOffset, count * 2);
    for (let i = 0; i < count; i++) {
      const bucket = words[2 * i + 1]! >>> SHIFT;
      const page = pages[bucket >>> PAGE_BITS] ?? (pages[bucket >>> PAGE_BITS] = new Uint32Array(PAGE));
      page[bucket & (PAGE - 1)]!++;
    }
    this.#count += count;
  }

  /** For each of the shares, ascending, the value below which so much lies: the bound nearest to zero of its bucket. */
  at(shares: readonly number[]): number[] {
    const ranks = shares.map((share) => share * (this.#count - 1));
    const found: number[] = [];
    let before = 0;
    for (const bucket of this.#ascending()) {
      before += this.#pages[bucket >>> PAGE_BITS]?.[bucket & (PAGE - 1)] ?? 0;
      while (found.length < ranks.length && before > ranks[found.length]!) found.push(this.#bound(bucket));
      if (found.length === ranks.length) break;
    }
    return found;
  }

  /** Negative numbers from the largest magnitude on, then the others. */
  *#ascending(): Generator<number> {
    for (let page = BUCKETS / PAGE - 1; page >= HALF / PAGE; page--) {
      if (this.#pages[page] === undefined) continue;
      for (let i = PAGE - 1; i >= 0; i--) yield page * PAGE + i;
    }
    for (let page = 0; page < HALF / PAGE; page++) {
      if (this.#pages[page] === undefined) continue;
      for (let i = 0; i < PAGE; i++) yield page * PAGE + i;
    }
  }

  #bound(bucket: number): number {
    this.#words[0] = 0;
    this.#words[1] = bucket << SHIFT;
    return this.#value[0]!;
  }
}
