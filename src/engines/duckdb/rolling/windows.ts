/**
 * What one window aggregates over one key's rows. All rows of the key stand in arrays sorted by time; at stamp number s
 * the window holds the rows from `low[s]` to `high[s]` (exclusive), and both only ever grow. `run` fills `out[0..stamps)`.
 *
 * Values at a stamp depend on rows before `high[s]` only, and no sum is ever taken back by a subtraction of floats.
 */
export interface Aggregator {
  run(frame: Frame): void;
}

/** Which rows a window holds at each stamp. */
export interface Frame {
  stamps: number;
  low: Int32Array;
  high: Int32Array;
}

/** A column of the current key's rows, or of its stamps: grown as needed, so that it is asked for anew at each key. */
export type Numbers = () => Float64Array;
export type Integers = () => Int32Array;

/** Sums of integers (and of parts of large ones), exact below 2^53: what leaves is subtracted. */
export function exactSum(values: Numbers, out: Numbers): Aggregator {
  return {
    run({ stamps, low, high }) {
      const [rows, sums] = [values(), out()];
      let [from, to, sum] = [0, 0, 0];
      for (let s = 0; s < stamps; s++) {
        const [start, end] = [low[s]!, high[s]!];
        while (to < end) sum += rows[to++]!;
        while (from < start) sum -= rows[from++]!;
        sums[s] = sum;
      }
    },
  };
}

export function countSum(values: Integers, out: Integers): Aggregator {
  return {
    run({ stamps, low, high }) {
      const [rows, sums] = [values(), out()];
      let [from, to, sum] = [0, 0, 0];
      for (let s = 0; s < stamps; s++) {
        const [start, end] = [low[s]!, high[s]!];
        while (to < end) sum += rows[to++]!;
        while (from < start) sum -= rows[from++]!;
        sums[s] = sum;
      }
    },
  };
}

/**
 * Two-stack aggregation (Tangwongsan, Hirzel, Schneider 2015, "General incremental sliding-window aggregation"): suffix
 * aggregates of the rows before `middle`, a running aggregate of those from it on. When the first part is used up, the
 * second becomes it. Each row is combined three times at most, whatever the window's length.
 */
export function twoStacks(
  identity: number,
  combine: (a: number, b: number) => number,
  values: Numbers,
  out: Numbers,
): Aggregator {
  let suffix = new Float64Array(0);
  return {
    run({ stamps, low, high }) {
      const [rows, results] = [values(), out()];
      const last = stamps > 0 ? high[stamps - 1]! : 0;
      if (suffix.length < last) suffix = new Float64Array(last * 2);
      let [middle, to, back] = [0, 0, identity];
      for (let s = 0; s < stamps; s++) {
        const [start, end] = [low[s]!, high[s]!];
        while (to < end) back = combine(back, rows[to++]!);
        if (start >= middle) {
          let sum = identity;
          for (let i = end - 1; i >= start; i--) suffix[i] = sum = combine(rows[i]!, sum);
          [middle, back] = [end, identity];
        }
        results[s] = start < middle ? combine(suffix[start]!, back) : back;
      }
    },
  };
}

export const add = (a: number, b: number) => a + b;
export const smaller = (a: number, b: number) => (b < a ? b : a);
export const larger = (a: number, b: number) => (b > a ? b : a);

/**
 * The sample's standard deviation, by two stacks of (n, mean, M2) merged as Chan, Golub and LeVeque (1983) do. `present`
 * is 1 for a row with a value, else 0. With fewer than two values the result is not defined, and 0 stands there.
 */
export function deviation(values: Numbers, present: Integers, out: Numbers): Aggregator {
  let size = 0;
  let [means, squares] = [new Float64Array(0), new Float64Array(0)];
  let counts = new Int32Array(0);
  // The merged aggregate of the last call to merge().
  let [n, mean, m2] = [0, 0, 0];
  const merge = (n1: number, mean1: number, m1: number, n2: number, mean2: number, m22: number) => {
    if (n1 === 0) [n, mean, m2] = [n2, mean2, m22];
    else if (n2 === 0) [n, mean, m2] = [n1, mean1, m1];
    else {
      const delta = mean2 - mean1;
      n = n1 + n2;
      mean = mean1 + delta * (n2 / n);
      m2 = m1 + m22 + delta * delta * ((n1 * n2) / n);
    }
  };
  return {
    run({ stamps, low, high }) {
      const [rows, valid, results] = [values(), present(), out()];
      const last = stamps > 0 ? high[stamps - 1]! : 0;
      if (size < last) {
        size = last * 2;
        [means, squares] = [new Float64Array(size), new Float64Array(size)];
        counts = new Int32Array(size);
      }
      let [middle, to, backN, backMean, backM2] = [0, 0, 0, 0, 0];
      for (let s = 0; s < stamps; s++) {
        const [start, end] = [low[s]!, high[s]!];
        for (; to < end; to++) {
          if (valid[to] === 0) continue;
          merge(backN, backMean, backM2, 1, rows[to]!, 0);
          [backN, backMean, backM2] = [n, mean, m2];
        }
        if (start >= middle) {
          [n, mean, m2] = [0, 0, 0];
          for (let i = end - 1; i >= start; i--) {
            if (valid[i] !== 0) merge(1, rows[i]!, 0, n, mean, m2);
            [counts[i], means[i], squares[i]] = [n, mean, m2];
          }
          [middle, backN, backMean, backM2] = [end, 0, 0, 0];
        }
        if (start < middle) merge(counts[start]!, means[start]!, squares[start]!, backN, backMean, backM2);
        else [n, mean, m2] = [backN, backMean, backM2];
        results[s] = n < 2 ? 0 : Math.sqrt(m2 / (n - 1));
      }
    },
  };
}

/**
 * The median, interpolated between the middle two: the key's values are ranked once, and a Fenwick tree (Fenwick 1994)
 * counts those inside the window by rank. Not a number ranks above all numbers, as in DuckDB.
 */
export function median(values: Numbers, present: Integers, out: Numbers): Aggregator {
  return {
    run({ stamps, low, high }) {
      const [rows, valid, results] = [values(), present(), out()];
      const last = stamps > 0 ? high[stamps - 1]! : 0;
      const distinct = rankedValues(rows, valid, last);
      const ranks = new Int32Array(last);
      for (let i = 0; i < last; i++) ranks[i] = valid[i] === 0 ? -1 : rankOf(distinct, rows[i]!);
      const tree = new Int32Array(distinct.length + 1);
      let top = 1;
      while (top * 2 <= distinct.length) top *= 2;
      const change = (rank: number, by: number) => {
        for (let i = rank + 1; i < tree.length; i += i & -i) tree[i] = tree[i]! + by;
      };
      /** The k-th smallest value in the window, k from 1. */
      const nth = (k: number) => {
        let [at, rest] = [0, k];
        for (let step = top; step > 0; step >>= 1) {
          if (at + step < tree.length && tree[at + step]! < rest) rest -= tree[at += step]!;
        }
        return distinct[at]!;
      };
      let [from, to, count] = [0, 0, 0];
      for (let s = 0; s < stamps; s++) {
        const [start, end] = [low[s]!, high[s]!];
        for (; to < end; to++) if (ranks[to]! >= 0) change(ranks[to]!, 1), count++;
        for (; from < start; from++) if (ranks[from]! >= 0) change(ranks[from]!, -1), count--;
        if (count === 0) results[s] = 0;
        else if (count % 2 === 1) results[s] = nth((count + 1) / 2);
        else {
          const [a, b] = [nth(count / 2), nth(count / 2 + 1)];
          results[s] = a === b ? a : a + (b - a) / 2;
        }
      }
    },
  };
}

function rankedValues(rows: Float64Array, valid: Int32Array, count: number): Float64Array {
  const sorted = rows.slice(0, count).filter((_, i) => valid[i] !== 0).sort();
  let kept = 0;
  for (const value of sorted) if (kept === 0 || !sameValue(sorted[kept - 1]!, value)) sorted[kept++] = value;
  return sorted.subarray(0, kept);
}

function sameValue(a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

function rankOf(distinct: Float64Array, value: number): number {
  let [low, high] = [0, distinct.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    // NaN is the last one: nothing is less than it, and it is less than nothing.
    if (distinct[middle]! < value || (Number.isNaN(value) && !Number.isNaN(distinct[middle]!))) {
      low = middle + 1;
    } else high = middle;
  }
  return low;
}

/** Different values, by codes below `size`; -1 is NULL. */
export function distinctCount(codes: Integers, size: number, out: Integers): Aggregator {
  const seen = new Int32Array(size);
  return {
    run({ stamps, low, high }) {
      const [rows, counts] = [codes(), out()];
      let [from, to, distinct] = [0, 0, 0];
      for (let s = 0; s < stamps; s++) {
        const [start, end] = [low[s]!, high[s]!];
        for (; to < end; to++) {
          const code = rows[to]!;
          if (code >= 0 && seen[code]!++ === 0) distinct++;
        }
        for (; from < start; from++) {
          const code = rows[from]!;
          if (code >= 0 && --seen[code]! === 0) distinct--;
        }
        counts[s] = distinct;
      }
      for (; from < to; from++) if (rows[from]! >= 0) seen[rows[from]!] = 0;
    },
  };
}

/** The first code in the window that is not NULL (-1), else 0. */
export function firstCode(codes: Integers, out: Integers): Aggregator {
  return {
    run({ stamps, low, high }) {
      const [rows, firsts] = [codes(), out()];
      let at = 0;
      for (let s = 0; s < stamps; s++) {
        const end = high[s]!;
        if (at < low[s]!) at = low[s]!;
        while (at < end && rows[at]! < 0) at++;
        firsts[s] = at < end ? rows[at]! : 0;
      }
    },
  };
}

/** The last code in the window that is not NULL (-1), else 0. */
export function lastCode(codes: Integers, out: Integers): Aggregator {
  return {
    run({ stamps, low, high }) {
      const [rows, lasts] = [codes(), out()];
      let [to, found] = [0, -1];
      for (let s = 0; s < stamps; s++) {
        for (; to < high[s]!; to++) if (rows[to]! >= 0) found = to;
        lasts[s] = found >= low[s]! ? rows[found]! : 0;
      }
    },
  };
}
