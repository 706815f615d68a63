/** The values of a key in ascending order, NaN last, and for each item the place of the first value that equals it. */
export interface Ranks {
  sorted: Float64Array;
  of: Int32Array;
}

/** Ranks of `values[from..to]`; -0 and 0 are the same, and so are all NaN. */
export function rank(values: Float64Array, from: number, to: number): Ranks {
  const sorted = values.slice(from, to).sort();
  let numbers = sorted.length;
  while (numbers > 0 && Number.isNaN(sorted[numbers - 1])) numbers--;
  const of = new Int32Array(to - from);
  for (let i = from; i < to; i++) {
    const value = values[i]!;
    let low = 0;
    let high = numbers;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sorted[middle]! >= value) high = middle;
      else low = middle + 1;
    }
    of[i - from] = low;
  }
  return { sorted, of };
}
