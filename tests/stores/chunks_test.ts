import assert from "node:assert/strict";
import { bodyOfChunks, type Chunks, chunksOf } from "../../src/stores/chunks.ts";
import { pattern } from "./bodies.ts";

/** Bytes, as many at a time as are asked for. */
function chunksFrom(bytes: Uint8Array, leave = () => {}): Chunks {
  let at = 0;
  return {
    leave,
    read(into) {
      if (at === bytes.length) return Promise.resolve(undefined);
      const part = bytes.subarray(at, at + into.length);
      into.set(part);
      at += part.length;
      return Promise.resolve(into.subarray(0, part.length));
    },
  };
}

async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(
    await new Blob(await Array.fromAsync(chunks, (chunk) => new Uint8Array(chunk))).arrayBuffer(),
  );
}

for (const length of [0, 1, 1_000_000]) {
  Deno.test(`a body of ${length} bytes is the same in one's own memory and in the stream's`, async () => {
    const bytes = pattern(length);
    assert.deepEqual(await joined(bodyOfChunks(chunksFrom(bytes))), bytes);
    assert.deepEqual(await joined(chunksOf(bodyOfChunks(chunksFrom(bytes)))), bytes);
  });
}

Deno.test("a body takes bytes in other memory than it was asked for with", async () => {
  let given = false;
  const chunks: Chunks = {
    read(into) {
      if (given) return Promise.resolve(undefined);
      given = true;
      const other = new Uint8Array(new ArrayBuffer(into.buffer.byteLength), into.byteOffset, 3);
      other.set([1, 2, 3]);
      return Promise.resolve(other);
    },
    leave() {},
  };
  assert.deepEqual(await joined(chunksOf(bodyOfChunks(chunks))), Uint8Array.of(1, 2, 3));
});

Deno.test("chunksOf() takes all chunks by the same memory", async () => {
  const lengths = await Array.fromAsync(
    chunksOf(bodyOfChunks(chunksFrom(pattern(600_000)))),
    (c) => c.length,
  );
  assert.deepEqual(lengths, [262_144, 262_144, 75_712]);
});

Deno.test("chunksOf() lets go of a body whose reader stops early", async () => {
  let left = 0;
  const chunks = chunksFrom(pattern(1_000_000), () => void left++);
  for await (const _chunk of chunksOf(bodyOfChunks(chunks))) break;
  assert.equal(left, 1);
});

Deno.test("chunksOf() throws what the body fails with", async () => {
  const failing: Chunks = { read: () => Promise.reject(new Error("cut")), leave() {} };
  await assert.rejects(joined(chunksOf(bodyOfChunks(failing))), /^Error: cut$/);
});
