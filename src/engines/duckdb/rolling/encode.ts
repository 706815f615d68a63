import { VECTOR } from "./physical.ts";
import type { Physical } from "./physical.ts";
import type { Result } from "./result.ts";

/** Room for a chunk's column in DuckDB's own form. */
export class Encoder {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #write: (result: Result, rows: number) => void;

  constructor(physical: Physical) {
    const buffer = new ArrayBuffer(VECTOR * 16);
    this.bytes = new Uint8Array(buffer);
    const numbers = numberWriter(physical, buffer);
    const wides = wideWriter(physical, buffer);
    this.#write = (result, rows) => {
      if (result.kind === "number") numbers(result.values.subarray(0, rows));
      else wides(result.values, rows);
    };
  }

  write(result: Result, rows: number): void {
    this.#write(result, rows);
  }
}

function numberWriter(physical: Physical, buffer: ArrayBuffer): (values: Float64Array) => void {
  switch (physical) {
    case "f64":
      return floatWriter(new Float64Array(buffer));
    case "f32":
      return floatWriter(new Float32Array(buffer));
    case "u8":
      return setter(new Uint8Array(buffer));
    case "i8":
      return setter(new Int8Array(buffer));
    case "u16":
      return setter(new Uint16Array(buffer));
    case "i16":
      return setter(new Int16Array(buffer));
    case "u32":
      return setter(new Uint32Array(buffer));
    case "i32":
      return setter(new Int32Array(buffer));
    case "i64":
    case "u64":
      return integerWriter(new Int32Array(buffer), 2);
    case "i128":
    case "u128":
      return integerWriter(new Int32Array(buffer), 4);
  }
}

function setter(into: { set(values: Float64Array): void }): (values: Float64Array) => void {
  return (values) => into.set(values);
}

/** All NaN get one form: which bits they have can depend on the order of additions. */
function floatWriter(into: Float64Array | Float32Array): (values: Float64Array) => void {
  return (values) => {
    for (let row = 0; row < values.length; row++) {
      const value = values[row]!;
      into[row] = value === value ? value : NaN;
    }
  };
}

/** Integers of at most 53 bits as two's complement of more. */
function integerWriter(words: Int32Array, step: number): (values: Float64Array) => void {
  return (values) => {
    for (let row = 0, word = 0; row < values.length; row++, word += step) {
      const value = values[row]!;
      const high = Math.floor(value / 2 ** 32);
      words[word] = value - high * 2 ** 32;
      words[word + 1] = high;
      if (step === 4) words[word + 2] = words[word + 3] = value < 0 ? -1 : 0;
    }
  };
}

function wideWriter(
  physical: Physical,
  buffer: ArrayBuffer,
): (values: readonly bigint[], rows: number) => void {
  const words = new BigInt64Array(buffer);
  switch (physical) {
    case "i64":
    case "u64":
      return (values, rows) => {
        for (let row = 0; row < rows; row++) words[row] = values[row]!;
      };
    case "i128":
    case "u128":
      return (values, rows) => {
        for (let row = 0; row < rows; row++) {
          words[row * 2] = values[row]!;
          words[row * 2 + 1] = values[row]! >> 64n;
        }
      };
    default:
      return () => {
        throw new Error(`${physical} does not hold bigints`);
      };
  }
}
