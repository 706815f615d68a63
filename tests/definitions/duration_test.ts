import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDuration } from "../../src/definitions/duration.ts";

Deno.test("parseDuration() reads minutes, hours, days and weeks", () => {
  const seconds = ["15m", "6h", "1d", "2w"].map((text) => parseDuration(text)?.seconds);
  assert.deepEqual(seconds, [900, 21_600, 86_400, 1_209_600]);
});

Deno.test("parseDuration() refuses everything else", () => {
  for (
    const text of ["", "d", "0d", "01d", "1.5h", "-1d", "1 d", "1D", "1M", "1y", "1s", "1d ", "1d\n", "١d"]
  ) {
    assert.equal(parseDuration(text), undefined, JSON.stringify(text));
  }
  assert.equal(parseDuration("9999999999w"), undefined, "longer than a thousand years");
});

Deno.test("parseDuration() keeps the text, and its seconds grow with the number and the unit", () => {
  const units = { m: 60, h: 60 * 60, d: 24 * 60 * 60, w: 7 * 24 * 60 * 60 };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50_000 }), fc.constantFrom(...Object.keys(units)), (n, unit) => {
      const text = `${n}${unit}`;
      assert.deepEqual(parseDuration(text), { text, seconds: n * units[unit as keyof typeof units] });
    }),
  );
});

Deno.test("parseDuration() never throws, and what it takes has one spelling", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const duration = parseDuration(text);
    if (duration !== undefined) assert.match(text, /^[1-9]\d*[mhdw]$/);
  }));
});
