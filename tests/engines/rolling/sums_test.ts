import assert from "node:assert/strict";
import fc from "fast-check";
import { bucketSum } from "../../../src/engines/duckdb/rolling/bucket_sum.ts";
import { fixedPoint, readFixedPoint } from "../../../src/engines/duckdb/rolling/fixed_point.ts";

/** The sum of doubles, exactly: as an integer of 2^-1074. */
function exactly(values: readonly number[]): bigint {
  const view = new DataView(new ArrayBuffer(8));
  return values.reduce((sum, value) => {
    view.setFloat64(0, value);
    const bits = view.getBigUint64(0);
    const exponent = (bits >> 52n) & 0x7ffn;
    const fraction = bits & (2n ** 52n - 1n);
    const magnitude = exponent === 0n ? fraction : (fraction + 2n ** 52n) << (exponent - 1n);
    return value < 0 ? sum - magnitude : sum + magnitude;
  }, 0n);
}

/** The double nearest to it: Number() rounds a bigint right, once its last bits are replaced by whether there are any. */
function nearest(sum: bigint): number {
  const size = sum < 0n ? -sum : sum;
  const excess = BigInt(Math.max(0, size.toString(2).length - 60));
  const kept = (size >> excess) | (size % 2n ** excess === 0n ? 0n : 1n);
  const exponent = Number(excess) - 1074;
  // In two steps, as 2^-1074 times a large number is within range where 2^1000 is not.
  const half = Math.trunc(exponent / 2);
  const value = Number(kept) * 2 ** half * 2 ** (exponent - half);
  return sum < 0n ? -value : value;
}

const amounts = fc.array(
  fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }).filter((x) =>
      x === 0 || Math.abs(x) > 1e-30
    ),
    fc.constantFrom(1e16, -1e16, 1, 2 ** -53, 1 + 2 ** -52, 0.1, 3e-20, 2 ** 60),
  ),
  { minLength: 1, maxLength: 40 },
).map((values) => values.map((x) => x + 0));

Deno.test("bucketSum() is the double nearest to the exact sum, whatever the order", () => {
  fc.assert(
    fc.property(amounts, (values) => {
      const expected = nearest(exactly(values));
      for (const order of [values, values.toReversed(), values.toSorted((a, b) => a - b)]) {
        assert.equal(bucketSum(Float64Array.from(order), 0, order.length), expected);
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("sums in fixed point are the doubles nearest to the exact sums", () => {
  let possible = 0;
  fc.assert(
    fc.property(amounts, (values) => {
      const sizes = values.map(Math.abs).filter((x) => x > 0);
      const fixed = fixedPoint(Math.min(...sizes), Math.max(0, ...sizes), values.length);
      if (fixed === undefined) return;
      possible++;
      // What DuckDB does: each value times 2^shift, as a HUGEINT, added up.
      const sum = values.reduce((total, x) => total + BigInt(x * 2 ** fixed.shift), 0n);
      assert.ok(-(2n ** 127n) <= sum && sum < 2n ** 127n);
      const bytes = new DataView(new ArrayBuffer(16));
      bytes.setBigInt64(0, sum, true);
      bytes.setBigInt64(8, sum >> 64n, true);
      const into = new Float64Array(1);
      readFixedPoint(new Uint8Array(bytes.buffer), fixed, into, 0, 1);
      assert.equal(into[0]! + 0, nearest(exactly(values)));
    }),
    { numRuns: 5000 },
  );
  assert.ok(possible > 500, `${possible} of 5000 fit in fixed point`);
});

Deno.test("fixedPoint() has no answer where 128 bits can't hold both the smallest and the largest value", () => {
  assert.equal(fixedPoint(1e-20, 1e10, 1000), undefined);
  assert.equal(fixedPoint(5e-324, 1e-300, 1000), undefined);
  assert.deepEqual(fixedPoint(1, 1, 1), { shift: 52 });
  assert.deepEqual(fixedPoint(0, 0, 0), { shift: 0 });
});
