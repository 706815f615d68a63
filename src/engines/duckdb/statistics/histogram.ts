/** Bins of a histogram, all of the same width. */
export const BINS = 20;

/** Counts values in bins between two of them; what lies outside is counted apart. */
export class Histogram {
  readonly #counts = new Float64Array(BINS);
  below = 0;
  above = 0;
  readonly #scale: number;

  constructor(readonly from: number, readonly to: number) {
    this.#scale = to > from ? BINS / (to - from) : 0;
  }

  get counts(): number[] {
    return Array.from(this.#counts);
  }

  take(values: Float64Array, count: number): void {
    const { from, to } = this;
    const counts = this.#counts;
    const scale = this.#scale;
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      if (value < from) this.below++;
      else if (value > to) this.above++;
      else {
        const bin = ((value - from) * scale) | 0;
        // The last bin holds its upper end too.
        counts[bin < BINS ? bin : BINS - 1]!++;
      }
    }
  }
}
