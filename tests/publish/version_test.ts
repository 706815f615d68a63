import assert from "node:assert/strict";
import fc from "fast-check";
import { MlforgeError } from "../../src/error.ts";
import { candidates, compareVersions } from "../../src/publish/version.ts";
import type { VersionWish } from "../../src/publish/publisher.ts";

function first(wish: VersionWish, count = 1): string[] {
  const found: string[] = [];
  for (const version of candidates(wish)) {
    found.push(version);
    if (found.length === count) break;
  }
  return found;
}

const number = fc.integer({ min: 0, max: 40 });
const version = fc.tuple(number, number, number).map((n) => n.join("."));
const wish: fc.Arbitrary<VersionWish> = fc.record({
  published: version,
  top: version,
  bump: fc.constantFrom("first", "major", "minor", "patch"),
}, { requiredKeys: ["bump"] });

Deno.test("candidates() gives the bump of the published version", () => {
  const cases: [VersionWish, string[]][] = [
    [{ bump: "first" }, ["1.0.0", "1.0.1", "1.0.2"]],
    [{ bump: "patch", published: "1.4.2", top: "1.4.2" }, ["1.4.3", "1.4.4", "1.4.5"]],
    [{ bump: "minor", published: "1.4.2", top: "1.4.2" }, ["1.5.0", "1.6.0", "1.7.0"]],
    [{ bump: "major", published: "1.4.2", top: "1.4.2" }, ["2.0.0", "3.0.0", "4.0.0"]],
  ];
  for (const [wish, expected] of cases) assert.deepEqual(first(wish, 3), expected);
});

Deno.test("candidates() after a rollback starts where the bump is above the top, else from the top", () => {
  assert.deepEqual(first({ bump: "minor", published: "1.2.0", top: "1.9.0" }), ["1.10.0"]);
  assert.deepEqual(first({ bump: "major", published: "1.2.0", top: "1.9.0" }), ["2.0.0"]);
  assert.deepEqual(first({ bump: "patch", published: "1.2.0", top: "2.0.0" }), ["2.0.1"]);
});

Deno.test("candidates() of a feature that was published before and is no longer promise nothing", () => {
  assert.deepEqual(first({ bump: "first", top: "3.1.0" }), ["4.0.0"]);
});

Deno.test("candidates() gives a requested version alone", () => {
  assert.deepEqual([...candidates({ bump: "patch", published: "1.0.0", top: "1.0.0", requested: "5.0.0" })], [
    "5.0.0",
  ]);
});

Deno.test("candidates() refuses a requested version that is not above the top, or none at all", () => {
  const refused = ["1.9.0", "1.0.0", "v2.0.0", "2.0", "2.0.0-rc.1", "02.0.0", "", "2.0.0\n"];
  for (const requested of refused) {
    assert.throws(
      () => [...candidates({ bump: "minor", published: "1.2.0", top: "1.9.0", requested })],
      (error) => error instanceof MlforgeError && error.code === "usage",
      requested,
    );
  }
});

Deno.test("candidates() stops with a word where a number has run out of digits", () => {
  assert.throws(() => first({ bump: "patch", published: "1.0.999999999" }), /1\.0\.999999999/);
});

Deno.test("candidates() are above published and top, ascend, and never repeat", () => {
  fc.assert(fc.property(wish, (wish) => {
    const found = first(wish, 6);
    for (const bound of [wish.published, wish.top]) {
      if (bound !== undefined) assert.ok(compareVersions(found[0] ?? "", bound) > 0);
    }
    for (const [at, version] of found.entries()) {
      if (at > 0) assert.ok(compareVersions(found[at - 1] ?? "", version) < 0);
    }
  }));
});

Deno.test("candidates() of a higher top are never lower", () => {
  fc.assert(fc.property(wish, version, (wish, other) => {
    const low = wish.top ?? "0.0.0";
    const [a, b] = compareVersions(low, other) <= 0 ? [low, other] : [other, low];
    const [lower] = first({ ...wish, top: a });
    const [upper] = first({ ...wish, top: b });
    assert.ok(compareVersions(lower ?? "", upper ?? "") <= 0);
  }));
});

Deno.test("compareVersions() compares numbers, not letters", () => {
  assert.deepEqual(["10.0.0", "9.0.0", "1.10.0", "1.9.0"].sort(compareVersions), [
    "1.9.0",
    "1.10.0",
    "9.0.0",
    "10.0.0",
  ]);
});
