/** So many different values are counted exactly. */
export const EXACT = 1024;
const SLOTS = 4 * EXACT;

/** 2^14 registers: a standard error of 1.04 / sqrt(2^14) = 0.8 %. */
const INDEX_BITS = 14;
const REGISTERS = 1 << INDEX_BITS;
/** Bits of the hash that ranks are found in. */
const RANK_BITS = 32;

/**
 * Counts different values: by a set of hashes while they are few, then by HyperLogLog with the estimator of Ertl (2017,
 * "New cardinality estimation algorithms for HyperLogLog sketches", algorithm 6), which needs no table of biases. The
 * same for any order of values.
 */
export class Distinct {
  /** Pairs of 32 bits; a pair of zeros is an empty slot. */
  readonly #set = new Int32Array(2 * SLOTS);
  #inSet = 0;
  readonly #registers = new Uint8Array(REGISTERS);
  #last: [low: number, high: number] | undefined;

  /** Takes values by 64 bits that identify each: `count` pairs of words. */
  take(words: Int32Array, count: number): void {
    if (count === 0) return;
    const registers = this.#registers;
    let few = this.#inSet <= EXACT;
    // Rows are sorted: equal values often follow each other.
    let [low, high] = this.#last ?? [~words[0]!, 0];
    for (let i = 0; i < count; i++) {
      const [x, y] = [words[2 * i]!, words[2 * i + 1]!];
      if (x === low && y === high) continue;
      low = x;
      high = y;
      // One round of murmur3's finaliser, which joins both words, and one of multiplication for the second.
      let a = x ^ Math.imul(y, 0x9e3779b1);
      a = Math.imul(a ^ (a >>> 16), 0x85ebca6b);
      a = Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
      a ^= a >>> 16;
      const b = Math.imul(a, 0x2c1b3c6d) ^ Math.imul(y ^ (x << 7), 0x297a2d39);
      const index = a >>> (32 - INDEX_BITS);
      const rank = Math.clz32(b) + 1;
      if (rank > registers[index]!) registers[index] = rank;
      if (few) few = this.#remember(a, b);
    }
    this.#last = [low, high];
  }

  count(): { distinct: number; approximate: boolean } {
    if (this.#inSet <= EXACT) return { distinct: this.#inSet, approximate: false };
    return { distinct: Math.round(estimate(this.#registers)), approximate: true };
  }

  /** Puts a hash into the set; false once there are too many. */
  #remember(a: number, b: number): boolean {
    const set = this.#set;
    const first = a === 0 && b === 0 ? 1 : a;
    for (let slot = (b >>> 0) % SLOTS;; slot = (slot + 1) % SLOTS) {
      const [x, y] = [set[2 * slot]!, set[2 * slot + 1]!];
      if (x === first && y === b) return true;
      if (x !== 0 || y !== 0) continue;
      set[2 * slot] = first;
      set[2 * slot + 1] = b;
      return ++this.#inSet <= EXACT;
    }
  }
}

function estimate(registers: Uint8Array): number {
  const counts = new Array<number>(RANK_BITS + 2).fill(0);
  for (const register of registers) counts[register]!++;
  let z = REGISTERS * tau(1 - counts[RANK_BITS + 1]! / REGISTERS);
  for (let k = RANK_BITS; k >= 1; k--) z = 0.5 * (z + counts[k]!);
  z += REGISTERS * sigma(counts[0]! / REGISTERS);
  return REGISTERS / (2 * Math.LN2) * REGISTERS / z;
}

function sigma(share: number): number {
  if (share === 1) return Infinity;
  let [x, y, z] = [share, 1, share];
  for (let last = NaN; z !== last;) {
    x *= x;
    last = z;
    z += x * y;
    y += y;
  }
  return z;
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let [x, y, z] = [share, 1, 1 - share];
  for (let last = NaN; z !== last;) {
    x = Math.sqrt(x);
    last = z;
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}
