/** Seeded chance: the same seed gives the same run, on every platform. */
export interface Chance {
  /** In [0, 1). */
  next(): number;
  is(probability: number): boolean;
  /** Whole, in [0, below). */
  below(below: number): number;
  pick<T>(items: readonly T[]): T;
}

/** Mulberry32: small, fast, and good enough to shuffle requests. */
export function seeded(seed: number): Chance {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    is: (probability) => next() < probability,
    below: (below) => Math.floor(next() * below),
    pick: (items) => {
      const item = items[Math.floor(next() * items.length)];
      if (item === undefined) throw new Error("Can't pick from nothing");
      return item;
    },
  };
}
