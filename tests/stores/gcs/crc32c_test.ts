import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { CRC32C } from "@google-cloud/storage";
import fc from "fast-check";
import { crc32c, textOfCrc32c } from "../../../src/stores/gcs/crc32c.ts";

Deno.test("crc32c() has the check value of the standard", () => {
  assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283 | 0);
});

Deno.test("crc32c() is what the SDK's own is, wherever bytes begin and are parted", () => {
  const bytes = fc.uint8Array({ maxLength: 100 });
  fc.assert(fc.property(bytes, fc.nat(8), fc.nat(100), (all, start, part) => {
    const some = all.subarray(start);
    const both = crc32c(some.subarray(part), crc32c(some.subarray(0, part)));
    const theirs = new CRC32C();
    theirs.update(Buffer.from(some));
    assert.equal(textOfCrc32c(both), theirs.toString());
  }));
});
