import { isValid, type RawColumn } from "../chunk.ts";
import { VECTOR } from "./physical.ts";
import type { Physical } from "./physical.ts";
import { type FixedPoint, readFixedPoint } from "./fixed_point.ts";

/** A growing column of rows not yet done with. NULLs read as zero, and are marked in `valid`. */
export interface Lane {
  /** Which of the rows hold a value: 1, else 0. */
  valid: Uint8Array;
  /** NULLs among the rows held. */
  nulls: number;
  append(physical: Physical, raw: RawColumn, at: number, rows: number): void;
  /** Moves the rows `from..to` to the front; those before are forgotten. */
  shift(from: number, to: number): void;
  grow(capacity: number): void;
  /** Copies the values that are not NULL among the rows `from..to` to the front of `dense`. */
  compact(from: number, to: number): void;
}

/** Values as doubles: floats, and integers (codes, unscaled decimals) of at most 53 bits. */
export class NumberLane implements Lane {
  readonly kind = "number";
  values = new Float64Array(0);
  valid = new Uint8Array(0);
  nulls = 0;
  dense = new Float64Array(0);
  readonly #fixed: FixedPoint | undefined;

  constructor(fixed?: FixedPoint) {
    this.#fixed = fixed;
  }

  append(physical: Physical, raw: RawColumn, at: number, rows: number): void {
    if (this.#fixed === undefined) readNumbers(physical, raw.data, this.values, at, rows);
    else readFixedPoint(raw.data, this.#fixed, this.values, at, rows);
    this.nulls += markNulls(raw.validity, this.valid, at, rows);
    if (raw.validity === undefined) return;
    for (let row = at; row < at + rows; row++) if (this.valid[row] === 0) this.values[row] = 0;
  }

  /** Puts the values of another column over this one's where there are any. */
  override(physical: Physical, raw: RawColumn, at: number, rows: number): void {
    const other = new Float64Array(rows);
    readNumbers(physical, raw.data, other, 0, rows);
    for (let row = 0; row < rows; row++) {
      if (!isValid(raw.validity, row)) continue;
      this.values[at + row] = other[row] ?? 0;
      if (this.valid[at + row] === 0) this.nulls--;
      this.valid[at + row] = 1;
    }
  }

  shift(from: number, to: number): void {
    this.values.copyWithin(0, from, to);
    this.nulls = shiftMarks(this.valid, this.nulls, from, to);
  }

  grow(capacity: number): void {
    this.values = grown(this.values, new Float64Array(capacity));
    this.valid = grown(this.valid, new Uint8Array(capacity));
  }

  compact(from: number, to: number): void {
    if (this.dense.length < to - from) this.dense = new Float64Array(this.values.length);
    const { values, valid, dense } = this;
    let end = 0;
    for (let row = from; row < to; row++) if (valid[row] === 1) dense[end++] = values[row]!;
  }
}

/** Values that need more than 53 bits. */
export class WideLane implements Lane {
  readonly kind = "wide";
  values: bigint[] = [];
  valid = new Uint8Array(0);
  nulls = 0;
  dense: bigint[] = [];

  append(physical: Physical, raw: RawColumn, at: number, rows: number): void {
    readWide(physical, raw.data, this.values, at, rows);
    this.nulls += markNulls(raw.validity, this.valid, at, rows);
    if (raw.validity === undefined) return;
    for (let row = at; row < at + rows; row++) if (this.valid[row] === 0) this.values[row] = 0n;
  }

  shift(from: number, to: number): void {
    this.values.copyWithin(0, from, to);
    this.nulls = shiftMarks(this.valid, this.nulls, from, to);
  }

  grow(capacity: number): void {
    while (this.values.length < capacity) this.values.push(0n);
    this.valid = grown(this.valid, new Uint8Array(capacity));
  }

  compact(from: number, to: number): void {
    let end = 0;
    for (let row = from; row < to; row++) if (this.valid[row] === 1) this.dense[end++] = this.values[row]!;
  }
}

export function grown<T extends { set(from: T): void }>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}

function markNulls(validity: Uint8Array | undefined, valid: Uint8Array, at: number, rows: number): number {
  if (validity === undefined) {
    valid.fill(1, at, at + rows);
    return 0;
  }
  let nulls = 0;
  for (let row = 0; row < rows; row++) {
    const mark = isValid(validity, row) ? 1 : 0;
    valid[at + row] = mark;
    nulls += 1 - mark;
  }
  return nulls;
}

function shiftMarks(valid: Uint8Array, nulls: number, from: number, to: number): number {
  if (nulls === 0) return 0;
  valid.copyWithin(0, from, to);
  let left = 0;
  for (let row = 0; row < to - from; row++) left += 1 - valid[row]!;
  return left;
}

// Loops run over memory of our own: over DuckDB's (an external buffer) they are five times slower on Deno 2.4.
const scratch = new Uint8Array(VECTOR * 16);
const words = new Int32Array(scratch.buffer);
const signed = new BigInt64Array(scratch.buffer);
const unsigned = new BigUint64Array(scratch.buffer);

function readNumbers(
  physical: Physical,
  data: Uint8Array,
  into: Float64Array,
  at: number,
  rows: number,
): void {
  const { buffer, byteOffset } = data;
  switch (physical) {
    case "f64":
      return into.set(new Float64Array(buffer, byteOffset, rows), at);
    case "f32":
      return into.set(new Float32Array(buffer, byteOffset, rows), at);
    case "u8":
      return into.set(data, at);
    case "i8":
      return into.set(new Int8Array(buffer, byteOffset, rows), at);
    case "u16":
      return into.set(new Uint16Array(buffer, byteOffset, rows), at);
    case "i16":
      return into.set(new Int16Array(buffer, byteOffset, rows), at);
    case "u32":
      return into.set(new Uint32Array(buffer, byteOffset, rows), at);
    case "i32":
      return into.set(new Int32Array(buffer, byteOffset, rows), at);
    default: {
      scratch.set(data);
      const step = physical === "i64" || physical === "u64" ? 2 : 4;
      for (let row = 0, word = 0; row < rows; row++, word += step) {
        into[at + row] = words[word + 1]! * 2 ** 32 + (words[word]! >>> 0);
      }
    }
  }
}

function readWide(physical: Physical, data: Uint8Array, into: bigint[], at: number, rows: number): void {
  scratch.set(data);
  switch (physical) {
    case "i64":
      for (let row = 0; row < rows; row++) into[at + row] = signed[row]!;
      return;
    case "u64":
      for (let row = 0; row < rows; row++) into[at + row] = unsigned[row]!;
      return;
    case "i128":
      for (let row = 0; row < rows; row++) {
        into[at + row] = (signed[row * 2 + 1]! << 64n) | unsigned[row * 2]!;
      }
      return;
    case "u128":
      for (let row = 0; row < rows; row++) {
        into[at + row] = (unsigned[row * 2 + 1]! << 64n) | unsigned[row * 2]!;
      }
      return;
    default:
      throw new Error(`${physical} is not wide`);
  }
}
