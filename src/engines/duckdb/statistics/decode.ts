import { physicalWidth } from "../chunk.ts";

/** Writes a vector's values as doubles: `rows` of them, whatever stands under a NULL. */
export type Decode = (data: Uint8Array, rows: number, out: Float64Array) => void;

/** How values of a type are read as numbers; times in their unit since 1970. Undefined for what is no number. */
export function decoderOf(type: string): Decode | undefined {
  const decimal = /^DECIMAL\(\d+,(\d+)\)$/.exec(type);
  const divisor = 10 ** Number(decimal?.[1] ?? 0);
  const whole = wholeDecoder(type, decimal !== null);
  if (whole === undefined || divisor === 1) return whole;
  return (data, rows, out) => {
    whole(data, rows, out);
    for (let i = 0; i < rows; i++) out[i]! /= divisor;
  };
}

/** Decimals as the whole numbers that they are kept as. */
function wholeDecoder(type: string, decimal: boolean): Decode | undefined {
  if (type === "DOUBLE") return floats(Float64Array);
  if (type === "FLOAT") return floats(Float32Array);
  if (!decimal && !/^U?(TINY|SMALL|BIG)?INT(EGER)?$|^BOOLEAN$|^DATE$|^TIMESTAMP/.test(type)) {
    return undefined;
  }
  const unsigned = type.startsWith("U") || type === "BOOLEAN";
  switch (physicalWidth(type)) {
    case 1:
      return integers(unsigned ? Uint8Array : Int8Array);
    case 2:
      return integers(unsigned ? Uint16Array : Int16Array);
    case 4:
      return integers(unsigned ? Uint32Array : Int32Array);
    case 8:
      return (data, rows, out) => {
        const words = view(Uint32Array, data, rows * 2);
        for (let i = 0; i < rows; i++) {
          const high = unsigned ? words[2 * i + 1]! : words[2 * i + 1]! | 0;
          out[i] = high * 2 ** 32 + words[2 * i]!;
        }
      };
    case 16:
      return (data, rows, out) => {
        const words = view(Uint32Array, data, rows * 4);
        for (let i = 0; i < rows; i++) {
          const at = 4 * i;
          const negative = words[at + 3]! >>> 31 === 1;
          // Of a small negative number all high words are ones, which would cancel: its complement is added up instead.
          const flip = negative ? 0xffffffff : 0;
          let size = 0;
          for (let word = 3; word >= 0; word--) size = size * 2 ** 32 + ((words[at + word]! ^ flip) >>> 0);
          out[i] = negative ? -(size + 1) : size;
        }
      };
  }
}

type Numbers = {
  new (buffer: ArrayBufferLike, offset: number, length: number): ArrayLike<number>;
};

function view<T extends Numbers>(kind: T, data: Uint8Array, length: number): InstanceType<T> {
  return new kind(data.buffer, data.byteOffset, length) as InstanceType<T>;
}

function floats(kind: Numbers): Decode {
  return (data, rows, out) => {
    const values = view(kind, data, rows);
    // With 0 added, negative zero is zero.
    for (let i = 0; i < rows; i++) out[i] = values[i]! + 0;
  };
}

function integers(kind: Numbers): Decode {
  return (data, rows, out) => {
    const values = view(kind, data, rows);
    for (let i = 0; i < rows; i++) out[i] = values[i]!;
  };
}
