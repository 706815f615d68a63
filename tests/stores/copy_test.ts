import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { connect } from "../../src/stores/s3/connect.ts";
import { copyInParts } from "../../src/stores/s3/copy.ts";
import { parseKey } from "../../src/stores/key.ts";
import { openStore } from "../../src/stores/open.ts";
import type { Store } from "../../src/stores/store.ts";
import { serverTest } from "./servers.ts";
import { AWS_ENV, type Wire, wireTest } from "./wire.ts";

const KEY = parseKey("clicks/1.0.0/data.parquet");

/** Two stores of one server, of which the other has 60 kB under KEY. */
async function withSource(
  wire: Wire,
): Promise<{ target: Store; from: Wire["store"]; body: { size: number; sha256: string } }> {
  const from = { ...wire.store, prefix: "staging/+ödd" };
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const put = await (await openStore(from)).put(KEY, { bytes, sha256 }, { create: true });
  assert.equal(put.kind, "written");
  return { target: await openStore(wire.store), from, body: { size: bytes.length, sha256 } };
}

wireTest("copy() creates an object by the server alone, with its hash, and gives its token", async (wire) => {
  const { target, from, body } = await withSource(wire);
  wire.proxy.clear();
  const copied = await target.copy?.(KEY, from, body) ?? assert.fail();
  assert.equal(copied.kind, "written");
  const moved = wire.proxy.requests.reduce(
    (sum, request) => sum + request.bodyBytes + request.answerBytes,
    0,
  );
  assert.ok(moved < body.size, `${moved} bytes went by`);
  assert.deepEqual(await target.head(KEY), {
    ...body,
    token: copied.kind === "written" ? copied.token : assert.fail(),
  });
  const got = await target.get(KEY) ?? assert.fail();
  const bytes = new Uint8Array(await new Response(got.body).arrayBuffer());
  assert.equal(createHash("sha256").update(bytes).digest("hex"), body.sha256);
});

wireTest("copy() is a conflict where something is, and leaves that as it is", async (wire) => {
  const { target, from, body } = await withSource(wire);
  const bytes = new TextEncoder().encode("other");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  await target.put(KEY, { bytes, sha256 }, { create: true });
  assert.deepEqual(await target.copy?.(KEY, from, body), { kind: "conflict" });
  assert.equal((await target.head(KEY))?.sha256, sha256);
});

wireTest(
  "copy() gives undefined where the other object is not there, not that one, or elsewhere",
  async (wire) => {
    const { target, from, body } = await withSource(wire);
    assert.equal(await target.copy?.(parseKey("nothing"), from, body), undefined);
    assert.equal(await target.copy?.(KEY, from, { ...body, sha256: "0".repeat(64) }), undefined);
    assert.equal(await target.copy?.(KEY, { ...from, endpoint: "http://127.0.0.1:9" }, body), undefined);
    assert.equal(await target.head(KEY), undefined);
  },
);

wireTest("a copy whose answer is lost is unknown, and there; it is not asked for again", async (wire) => {
  const { target, from, body } = await withSource(wire);
  const isLast = ({ method, path }: { method: string; path: string }) =>
    method === "POST" && /uploadId=|rewriteTo/.test(path);
  wire.proxy.fault({ kind: "response lost" }, { when: isLast });
  const before = wire.proxy.requests.length;
  assert.equal((await target.copy?.(KEY, from, body))?.kind, "unknown");
  assert.equal(wire.proxy.requests.slice(before).filter(isLast).length, 1);
  assert.equal((await target.head(KEY))?.sha256, body.sha256);
});

serverTest(
  "s3",
  "s3: a copy in several parts has all bytes in their order",
  async ({ endpoint, makeBucket }) => {
    for (const [name, value] of Object.entries(AWS_ENV)) Deno.env.set(name, value);
    const config = { kind: "s3" as const, bucket: await makeBucket(), prefix: "", endpoint };
    const store = await openStore(config);
    const bytes = new Uint8Array(12 << 20).map((_, at) => (at * 7 + (at >> 10)) & 255);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    await store.put(parseKey("from"), { bytes, sha256 }, { create: true });
    const head = await store.head(parseKey("from")) ?? assert.fail();
    const from = { bucket: config.bucket, name: "from", head };
    const copied = await copyInParts(
      await connect(config),
      "to",
      from,
      { size: bytes.length, sha256 },
      5 << 20,
    );
    assert.equal(copied.kind, "written");
    const got = await store.get(parseKey("to")) ?? assert.fail();
    const found = new Uint8Array(await new Response(got.body).arrayBuffer());
    assert.equal(createHash("sha256").update(found).digest("hex"), sha256);
  },
);
