import assert from "node:assert/strict";
import {
  formatBytes,
  formatCount,
  formatSeconds,
  parseFeature,
  parseNames,
  parsePair,
  parseSeconds,
} from "../../src/cli/quantities.ts";
import { parseBytes } from "../../src/bytes.ts";
import { MlforgeError } from "../../src/error.ts";

Deno.test("sizes are read in powers of 1000, and of 1024 where they say so", () => {
  assert.equal(parseBytes("2GB"), 2_000_000_000);
  assert.equal(parseBytes("1.5 gb"), 1_500_000_000);
  assert.equal(parseBytes("512MiB"), 536_870_912);
  assert.equal(parseBytes("4096"), 4096);
  for (const bad of ["", "GB", "-1GB", "0", "2GBit", "1e9", "99999999TB"]) {
    assert.throws(() => parseBytes(bad), MlforgeError, bad);
  }
});

Deno.test("lengths of time are read in seconds, minutes or hours", () => {
  assert.deepEqual(["90", "90s", "5m", "1.5h"].map(parseSeconds), [90, 90, 300, 5400]);
  for (const bad of ["", "0", "5 days", "-1s", "m"]) {
    assert.throws(() => parseSeconds(bad), MlforgeError, bad);
  }
});

Deno.test("names, pairs and features are read as they are typed", () => {
  assert.deepEqual(parseNames("a, b,a"), ["a", "b"]);
  assert.throws(() => parseNames("a,,b"), MlforgeError);
  assert.deepEqual(parsePair("origin=A=B"), ["origin", "A=B"]);
  assert.deepEqual(parsePair("name="), ["name", ""]);
  assert.throws(() => parsePair("=x"), MlforgeError);
  assert.deepEqual(parseFeature("a@1.2.0"), { name: "a", version: "1.2.0" });
  assert.deepEqual(parseFeature("a"), { name: "a" });
  assert.throws(() => parseFeature("a@latest"), MlforgeError);
});

Deno.test("counts, sizes and times are written for people", () => {
  assert.deepEqual([0, 999, 1000, 3_000_000].map(formatCount), ["0", "999", "1,000", "3,000,000"]);
  assert.deepEqual(
    [0, 999, 1000, 999_499, 12_345_678, 1_234_567_890, 5e13].map(formatBytes),
    ["0 B", "999 B", "1.0 kB", "999 kB", "12.3 MB", "1.2 GB", "50.0 TB"],
  );
  assert.deepEqual([0.123, 1.94, 125].map(formatSeconds), ["0.12 s", "1.9 s", "2 min 5 s"]);
});
