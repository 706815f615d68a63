/** Values that are added up plainly before they join the rest: a fixed number, however they come in chunks. */
const BLOCK = 1024;

/**
 * Mean and standard deviation of values as they come. Blocks are measured from the mean so far and joined by the formula
 * of Chan, Golub and LeVeque (1983, "Algorithms for Computing the Sample Variance"), so that nothing cancels; the same
 * values in the same order give the same bits.
 */
export class Moments {
  count = 0;
  mean = 0;
  /** Sum of squared distances from the mean. */
  #squares = 0;
  #origin = 0;
  #inBlock = 0;
  #sum = 0;
  #sumOfSquares = 0;

  take(values: Float64Array, count: number): void {
    for (let at = 0; at < count;) {
      if (this.#inBlock === 0) this.#origin = this.count === 0 ? values[at]! : this.mean;
      const origin = this.#origin;
      const end = Math.min(count, at + BLOCK - this.#inBlock);
      let sum = this.#sum;
      let squares = this.#sumOfSquares;
      this.#inBlock += end - at;
      for (; at < end; at++) {
        const distance = values[at]! - origin;
        sum += distance;
        squares += distance * distance;
      }
      this.#sum = sum;
      this.#sumOfSquares = squares;
      if (this.#inBlock === BLOCK) this.#join();
    }
  }

  /** The sample's; undefined for less than two values. */
  std(): number | undefined {
    this.#join();
    return this.count < 2 ? undefined : Math.sqrt(this.#squares / (this.count - 1));
  }

  #join(): void {
    const added = this.#inBlock;
    if (added === 0) return;
    const mean = this.#origin + this.#sum / added;
    const squares = Math.max(0, this.#sumOfSquares - this.#sum * this.#sum / added);
    const count = this.count + added;
    const apart = mean - this.mean;
    this.#squares += squares + apart * apart * (this.count * added / count);
    this.mean += apart * (added / count);
    this.count = count;
    this.#inBlock = this.#sum = this.#sumOfSquares = 0;
  }
}
