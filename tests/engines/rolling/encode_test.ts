import assert from "node:assert/strict";
import { Encoder } from "../../../src/engines/duckdb/rolling/encode.ts";
import { NumberResult, WideResult } from "../../../src/engines/duckdb/rolling/result.ts";

Deno.test("Encoder writes every NaN with the same bits, since which they were can depend on the order of additions", () => {
  const bits = new BigUint64Array([0x7ff8000000000000n, 0xfff8000000000000n, 0x7ff80000deadbeefn]);
  const result = new NumberResult();
  // Copied as bytes: as numbers, they could change on the way.
  new Uint8Array(result.values.buffer).set(new Uint8Array(bits.buffer));
  const encoder = new Encoder("f64");
  encoder.write(result, 3);
  const written = new BigUint64Array(encoder.bytes.buffer, 0, 3);
  assert.deepEqual([...written], [bits[0], bits[0], bits[0]]);
});

Deno.test("Encoder writes integers as two's complement of 64 and 128 bits", () => {
  const values = [0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 32, -(2 ** 32) - 1, 2 ** 53 - 1, -(2 ** 53) + 1];
  const numbers = new NumberResult();
  numbers.values.set(values);
  const wides = new WideResult();
  values.forEach((value, row) => (wides.values[row] = BigInt(value)));
  for (const result of [numbers, wides]) {
    const short = new Encoder("i64");
    short.write(result, values.length);
    assert.deepEqual([...new BigInt64Array(short.bytes.buffer, 0, values.length)], values.map(BigInt));
    const long = new Encoder("i128");
    long.write(result, values.length);
    const words = new BigInt64Array(long.bytes.buffer, 0, 2 * values.length);
    assert.deepEqual(
      values.map((_, row) => (words[2 * row + 1]! << 64n) | BigInt.asUintN(64, words[2 * row]!)),
      values.map(BigInt),
    );
  }
});
