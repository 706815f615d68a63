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
  #registers: Uint8Array | undefined;
  #lastLow = 0;
  #lastHigh = 0;
  #any = false;

  /** Takes a value by 64 bits that identify it. */
  add(low: number, high: number): void {
    // Rows are sorted: equal values often follow each other.
    if (this.#any && low === this.#lastLow && high === this.#lastHigh) return;
    this.#any = true;
    this.#lastLow = low;
    this.#lastHigh = high;
    const a = mix(low ^ Math.imul(high, 0x9e3779b1));
    const b = mix(high ^ Math.imul(a, 0x85ebca6b) ^ 0x2545f491);
    if (this.#registers !== undefined) rank(this.#registers, a, b);
    else this.#remember(a, b);
  }

  count(): { distinct: number; approximate: boolean } {
    if (this.#registers === undefined) return { distinct: this.#inSet, approximate: false };
    return { distinct: Math.round(estimate(this.#registers)), approximate: true };
  }

  #remember(a: number, b: number): void {
    const set = this.#set;
    const first = a === 0 && b === 0 ? 1 : a;
    for (let slot = (b >>> 0) % SLOTS;; slot = (slot + 1) % SLOTS) {
      const [x, y] = [set[2 * slot]!, set[2 * slot + 1]!];
      if (x === first && y === b) return;
      if (x !== 0 || y !== 0) continue;
      set[2 * slot] = first;
      set[2 * slot + 1] = b;
      if (++this.#inSet > EXACT) this.#overflow();
      return;
    }
  }

  #overflow(): void {
    const registers = new Uint8Array(REGISTERS);
    for (let slot = 0; slot < SLOTS; slot++) {
      const [a, b] = [this.#set[2 * slot]!, this.#set[2 * slot + 1]!];
      if (a !== 0 || b !== 0) rank(registers, a, b);
    }
    this.#registers = registers;
  }
}

/** murmur3's finaliser. */
function mix(bits: number): number {
  let x = bits;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

function rank(registers: Uint8Array, a: number, b: number): void {
  const index = a >>> (32 - INDEX_BITS);
  const zeros = Math.clz32(b) + 1;
  if (zeros > registers[index]!) registers[index] = zeros;
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
