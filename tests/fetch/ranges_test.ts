import assert from "node:assert/strict";
import fc from "fast-check";
import { length, merge, missing, pieces, type Range } from "../../src/fetch/ranges.ts";

const SIZE = 60;

const someRanges = fc.array(
  fc.tuple(fc.nat(SIZE), fc.nat(SIZE)).map(([a, b]): Range => [Math.min(a, b), Math.max(a, b)]),
  { maxLength: 8 },
);

/** The bytes that ranges hold. */
function bytesOf(ranges: readonly Range[]): Set<number> {
  return new Set(ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i)));
}

/** Sorted, apart from each other, none empty. */
function isTidy(ranges: readonly Range[]): boolean {
  return ranges.every(([from, to], i) => from < to && (i === 0 || ranges[i - 1]![1] < from));
}

Deno.test("merge() keeps exactly the bytes, in as few ranges as hold them", () => {
  fc.assert(fc.property(someRanges, (ranges) => {
    const merged = merge(ranges);
    assert.deepEqual(bytesOf(merged), bytesOf(ranges));
    assert(isTidy(merged));
    assert.equal(length(merged), bytesOf(ranges).size);
  }));
});

Deno.test("merge() with a gap closes gaps up to that length, and no others", () => {
  assert.deepEqual(merge([[0, 10], [13, 20], [24, 30]], 3), [[0, 20], [24, 30]]);
});

Deno.test("missing() gives exactly the bytes that are wanted and not there", () => {
  fc.assert(fc.property(someRanges, someRanges, (wanted, there) => {
    const left = missing(wanted, there);
    assert.deepEqual(bytesOf(left), bytesOf(wanted).difference(bytesOf(there)));
    assert(isTidy(left));
  }));
});

Deno.test("pieces() cuts ranges into parts of at most a size, and loses none", () => {
  fc.assert(fc.property(someRanges, fc.integer({ min: 1, max: 20 }), (ranges, size) => {
    const cut = pieces(merge(ranges), size);
    assert(cut.every(([from, to]) => to > from && to - from <= size));
    assert.deepEqual(merge(cut), merge(ranges));
  }));
});
