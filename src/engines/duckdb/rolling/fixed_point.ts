import { VECTOR } from "./physical.ts";

/**
 * Sums of doubles as 128-bit integers of 2^-shift: exact, so that neither the order of the rows nor the number of
 * threads can be seen in them. They are rounded once, to the nearest double (ties to even).
 */
export interface FixedPoint {
  /** Each value times 2^shift is an integer. */
  shift: number;
}

/** Bits of a HUGEINT without its sign, less one to be safe. */
const ROOM = 126;
/** Beyond this 2^shift, or what is multiplied by it, could leave the range of doubles. */
const MOST = 900;

/**
 * The shift at which sums of `count` finite values are exact, or undefined where 128 bits do not suffice. `least` and
 * `most` are the magnitudes of the smallest one (zeros aside) and of the largest one.
 */
export function fixedPoint(least: number, most: number, count: number): FixedPoint | undefined {
  if (!(most > 0)) return { shift: 0 };
  // The last bit of a double of exponent e stands for 2^(e - 52).
  const shift = 52 - exponent(least);
  const bits = exponent(most) + 1 + shift + Math.ceil(Math.log2(count + 1));
  return bits <= ROOM && Math.abs(shift) <= MOST ? { shift } : undefined;
}

/** e where 2^e <= value < 2^(e + 1); the least normal one for subnormal numbers. */
function exponent(value: number): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  return Math.max((bits.getUint16(0) >> 4) & 0x7ff, 1) - 1023;
}

const scratch = new Uint32Array(VECTOR * 4);
const bytes = new Uint8Array(scratch.buffer);

/** HUGEINTs to doubles. */
export function readFixedPoint(
  data: Uint8Array,
  { shift }: FixedPoint,
  into: Float64Array,
  at: number,
  rows: number,
): void {
  bytes.set(data);
  const scale = 2 ** -shift;
  for (let row = 0; row < rows; row++) {
    const word = row * 4;
    into[at + row] = nearest(scratch[word]!, scratch[word + 1]!, scratch[word + 2]!, scratch[word + 3]!) *
      scale;
  }
}

/** The double nearest to a 128-bit integer, given as four words, the lowest first. */
function nearest(a: number, b: number, c: number, d: number): number {
  const negative = d >= 2 ** 31;
  if (negative) {
    // Two's complement: invert and add one, with carries.
    a = (~a + 1) >>> 0;
    b = (~b + (a === 0 ? 1 : 0)) >>> 0;
    c = (~c + (a === 0 && b === 0 ? 1 : 0)) >>> 0;
    d = (~d + (a === 0 && b === 0 && c === 0 ? 1 : 0)) >>> 0;
  }
  const magnitude = d !== 0
    ? topThree(d, c, b | (a === 0 ? 0 : 1)) * 2 ** 32
    : c !== 0
    ? topThree(c, b, a)
    : b * 2 ** 32 + a;
  return negative ? -magnitude : magnitude;
}

/**
 * `high * 2^64 + middle * 2^32 + low`, rounded once: both terms of the sum are exact. A bit set in `low` for all that
 * lies below it can't change the result otherwise, as it is far under the last bit that is kept.
 */
function topThree(high: number, middle: number, low: number): number {
  const upper = high * 2 ** 21 + (middle >>> 11);
  const lower = (middle & 0x7ff) * 2 ** 32 + (low >>> 0);
  return upper * 2 ** 43 + lower;
}
