import assert from "node:assert/strict";
import { inPieces, PIECE, type Range } from "../../src/stores/pieces.ts";
import { chunksOf } from "../../src/stores/chunks.ts";
import { pattern, sha256 } from "./bodies.ts";

const bytes = pattern(5 * PIECE + 12_345);
const STEP = 1 << 20;

/** A server that counts what has been read of each piece, by its first byte. */
function server() {
  const read = new Map<number, number>();
  const open = ([from, to]: Range): Promise<ReadableStream<Uint8Array>> => {
    let at = from;
    read.set(from, 0);
    const stream: ReadableStream<Uint8Array> = new ReadableStream({
      type: "bytes",
      pull(controller) {
        const part = bytes.slice(at, Math.min(to, at + STEP));
        at += part.length;
        read.set(from, at - from);
        if (part.length > 0) return controller.enqueue(part);
        controller.close();
        controller.byobRequest?.respond(0);
      },
    }, { highWaterMark: 0 });
    return Promise.resolve(stream);
  };
  return { open, read };
}

async function body(
  { open, now, range = [0, bytes.length] }: {
    open(range: Range): Promise<ReadableStream<Uint8Array>>;
    now: () => number;
    range?: Range;
  },
): Promise<ReadableStream<Uint8Array>> {
  const first = await open([range[0], Math.min(range[1], range[0] + PIECE)]);
  return inPieces(first, { range, open, explain: (error) => new Error(String(error)), now });
}

/** A clock on which nothing takes time, and one on which every look at it takes a second. */
const standing = () => 0;
function running(): () => number {
  let seconds = 0;
  return () => 1000 * seconds++;
}

for (const [says, clock] of [["fast", () => standing], ["slow", running]] as const) {
  Deno.test(`inPieces() gives all bytes in their order on a ${says} line`, async () => {
    const { open, read } = server();
    const parts = await Array.fromAsync(
      chunksOf(await body({ open, now: clock() })),
      (chunk) => new Uint8Array(chunk),
    );
    assert.equal(sha256(new Uint8Array(await new Blob(parts).arrayBuffer())), sha256(bytes));
    assert.deepEqual([...read.keys()], [0, 1, 2, 3, 4, 5].map((i) => i * PIECE));
  });
}

Deno.test("inPieces() gives a range", async () => {
  const range: Range = [1000, 2 * PIECE + 7];
  const { open } = server();
  const all = await new Response(await body({ open, now: running(), range })).arrayBuffer();
  assert.equal(sha256(new Uint8Array(all)), sha256(bytes.subarray(...range)));
});

Deno.test("inPieces() asks for the next pieces at once, and reads none of them where the first comes fast", async () => {
  const { open, read } = server();
  const reader = (await body({ open, now: standing })).getReader();
  await reader.read();
  await settled();
  assert.deepEqual([...read.keys()], [0, 1, 2, 3].map((i) => i * PIECE));
  assert.deepEqual([...read.values()].slice(1), [0, 0, 0]);
  await reader.cancel();
});

Deno.test("inPieces() reads the next pieces ahead, and no more than these, where it has to wait for the first", async () => {
  const { open, read } = server();
  const reader = (await body({ open, now: running() })).getReader();
  await reader.read();
  await settled();
  assert.deepEqual([...read.values()].slice(1), [PIECE, PIECE, PIECE]);
  assert.ok((read.get(0) ?? 0) < PIECE);
  await reader.cancel();
});

Deno.test("inPieces() reads ahead what it asks for later, once it has had to wait", async () => {
  const { open, read } = server();
  let time = 0;
  const reader = (await body({ open, now: () => time += read.size > 4 ? 0 : 1000 })).getReader();
  do await reader.read(); while (read.size === 4);
  await settled();
  assert.equal(read.get(4 * PIECE), PIECE);
  await reader.cancel();
});

Deno.test("inPieces() says what a later piece failed with, when its turn comes", async () => {
  const { open, read } = server();
  const failing = (range: Range) =>
    range[0] === PIECE ? Promise.reject(new Error("it was changed")) : open(range);
  let seen = 0;
  await assert.rejects(async () => {
    for await (const chunk of chunksOf(await body({ open: failing, now: running() }))) seen += chunk.length;
  }, /it was changed/);
  assert.equal(seen, PIECE);
  assert.equal(read.get(0), PIECE);
});

/** All that was set off has run: nothing here waits for more than what is at hand. */
async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resume) => setTimeout(resume));
}
