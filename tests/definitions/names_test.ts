import assert from "node:assert/strict";
import fc from "fast-check";
import { rightName, whyNotName } from "../../src/definitions/names.ts";

Deno.test("whyNotName() takes lower-case letters, digits and single underscores", () => {
  for (const name of ["a", "airport_delay", "a1_2", "x".repeat(64), "console", "com10"]) {
    assert.equal(whyNotName(name), undefined, name);
  }
});

Deno.test("whyNotName() says what is wrong", () => {
  const wrong: [string, RegExp][] = [
    ["", /is empty/],
    ["x".repeat(65), /longer than 64/],
    ["con", /device/],
    ["lpt1", /device/],
    ["1a", /start/],
    ["_a", /start/],
    ["Delay", /start/],
    ["late-flights", /something else/],
    ["späť", /something else/],
    ["a/b", /something else/],
    ["a\n", /something else/],
    ["a__b", /two _/],
  ];
  for (const [name, why] of wrong) assert.match(whyNotName(name) ?? "", why, JSON.stringify(name));
});

Deno.test("rightName() gives a name that is right, or none", () => {
  assert.equal(rightName("Late Flights"), "late_flights");
  assert.equal(rightName("lateFlights"), "late_flights");
  assert.equal(rightName("late__flights"), "late_flights");
  assert.equal(rightName("123"), undefined);
  fc.assert(fc.property(fc.string(), (text) => {
    const right = rightName(text);
    if (right !== undefined) assert.equal(whyNotName(right), undefined);
  }));
});
