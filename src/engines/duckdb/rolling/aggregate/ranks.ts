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

/** For each of `values[from..to]` a number below their number, the same for equal values. */
export function identify(values: readonly bigint[], from: number, to: number): Int32Array {
  const known = new Map<bigint, number>();
  const ids = new Int32Array(to - from);
  for (let i = from; i < to; i++) {
    let id = known.get(values[i]!);
    if (id === undefined) known.set(values[i]!, id = known.size);
    ids[i - from] = id;
  }
  return ids;
}

/** As `rank`, of values that need more than 53 bits. */
export function rankWides(
  values: readonly bigint[],
  from: number,
  to: number,
): { sorted: bigint[]; of: Int32Array } {
  const sorted = values.slice(from, to).sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
  const places = new Map<bigint, number>();
  sorted.forEach((value, place) => {
    if (!places.has(value)) places.set(value, place);
  });
  const of = new Int32Array(to - from);
  for (let i = from; i < to; i++) of[i - from] = places.get(values[i]!)!;
  return { sorted, of };
}
