import assert from "node:assert/strict";
import { ListMultipartUploadsCommand, S3Client } from "@aws-sdk/client-s3";
import { MlforgeError } from "../../../src/error.ts";
import { parseKey } from "../../../src/stores/key.ts";
import { openS3Store } from "../../../src/stores/s3.ts";
import type { Body, Store } from "../../../src/stores/store.ts";
import { bodyOf, bytesOf, CREATE, pattern, sha256, textOf, written } from "../bodies.ts";
import { type Fault, type FaultProxy, openFaultProxy, type ProxiedRequest } from "../fault_proxy.ts";
import { S3_KEYS, serverTest } from "../servers.ts";

Deno.env.set("AWS_ACCESS_KEY_ID", S3_KEYS.accessKeyId);
Deno.env.set("AWS_SECRET_ACCESS_KEY", S3_KEYS.secretAccessKey);

interface Bench {
  proxy: FaultProxy;
  /** Goes by the proxy. */
  store: Store;
  direct: Store;
  /** A file of five parts. */
  body: Extract<Body, { file: string }>;
  /** How many uploads the server still holds parts of. */
  unfinished(): Promise<number>;
}

const KEY = parseKey("large");
const PART = 8 << 20;
const SIZE = 4 * PART + 1000;
const isPart = ({ path }: ProxiedRequest) => path.includes("partNumber=");
const isCompletion = ({ method, path }: ProxiedRequest) => method === "POST" && path.includes("uploadId=");

function test(says: string, run: (bench: Bench) => Promise<void>): void {
  serverTest("s3", `S3 in parts: ${says}`, async (server) => {
    const bucket = await server.makeBucket();
    const proxy = openFaultProxy(server.endpoint, "s3");
    const file = await Deno.makeTempFile();
    const open = (endpoint: string) => openS3Store({ kind: "s3", bucket, prefix: "", endpoint });
    const { endpoint } = server;
    const client = new S3Client({
      endpoint,
      forcePathStyle: true,
      region: "us-east-1",
      credentials: S3_KEYS,
    });
    try {
      const bytes = pattern(SIZE);
      await Deno.writeFile(file, bytes);
      await run({
        proxy,
        store: await open(proxy.endpoint),
        direct: await open(endpoint),
        body: { file, size: SIZE, sha256: sha256(bytes) },
        async unfinished() {
          const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
          return Uploads?.length ?? 0;
        },
      });
    } finally {
      client.destroy();
      await proxy.close();
      await Deno.remove(file);
    }
  });
}

test("a file goes in parts of 8 MiB, and says how much has left", async ({ proxy, store, body }) => {
  let sent = 0;
  written(await store.put(KEY, { ...body, onSent: (bytes) => void (sent += bytes) }, CREATE));
  assert.equal(sent, SIZE);
  const parts = proxy.requests.filter(isPart).map(({ bodyBytes }) => bodyBytes);
  assert.deepEqual(parts.sort((a, b) => a - b), [1000, PART, PART, PART, PART]);
  assert.equal(proxy.requests.filter(isCompletion).length, 1);
  assert.equal(sha256(await bytesOf(await store.get(KEY))), body.sha256);
});

const failures: Record<string, Fault> = {
  "lost before": { kind: "lost before" },
  "answer lost": { kind: "response lost" },
  "503": { kind: "answer", status: 503, applied: false },
  "500 though applied": { kind: "answer", status: 500, applied: true },
  "cut on its way": { kind: "upload cut" },
};
for (const [says, fault] of Object.entries(failures)) {
  test(`a part that fails is sent again (${says})`, async ({ proxy, store, body, unfinished }) => {
    proxy.fault(fault, { when: isPart, nth: 2, times: 2 });
    written(await store.put(KEY, body, CREATE));
    assert.equal(proxy.requests.filter(isPart).length, 7);
    assert.equal(sha256(await bytesOf(await store.get(KEY))), body.sha256);
    assert.equal(await unfinished(), 0);
  });
}

test("a part that is refused ends the upload, and leaves nothing", async ({ proxy, store, body, unfinished }) => {
  proxy.fault({ kind: "answer", status: 403, applied: false }, { when: isPart, nth: 3 });
  await assert.rejects(
    store.put(KEY, body, CREATE),
    (error) => error instanceof MlforgeError && /Can't write .*: access is denied/.test(error.message),
  );
  assert.equal(proxy.requests.filter(isCompletion).length, 0);
  assert.equal(await store.head(KEY), undefined);
  assert.equal(await unfinished(), 0);
});

const completions: [string, Fault, boolean][] = [
  ["whose answer is lost", { kind: "response lost" }, true],
  ["answered 500 though applied", { kind: "answer", status: 500, applied: true }, true],
  ["that is lost on its way", { kind: "lost before" }, false],
  ["answered 503", { kind: "answer", status: 503, applied: false }, false],
  ["that comes too late", { kind: "late", after: 1000 }, false],
];
for (const [says, fault, there] of completions) {
  test(`a completion ${says} is unknown, and never sent again`, async ({ proxy, store, body, unfinished }) => {
    proxy.fault(fault, { when: isCompletion });
    assert.equal((await store.put(KEY, body, CREATE)).kind, "unknown");
    assert.equal(proxy.requests.filter(isCompletion).length, 1);
    // The upload is taken away, so that what comes late has nothing to complete.
    await proxy.release();
    assert.equal((await store.head(KEY))?.sha256, there ? body.sha256 : undefined);
    assert.equal(await unfinished(), 0);
  });
}

test("no part leaves for a name that is taken", async ({ proxy, store, body }) => {
  written(await store.put(KEY, bodyOf("theirs"), CREATE));
  assert.deepEqual(await store.put(KEY, body, CREATE), { kind: "conflict" });
  assert.equal(proxy.requests.filter(isPart).length, 0);
});

test("who comes first at the completion stays", async ({ proxy, store, direct, body, unfinished }) => {
  const theirs = async () => void written(await direct.put(KEY, bodyOf("theirs"), CREATE));
  proxy.fault({ kind: "first", act: theirs }, { when: isCompletion });
  assert.deepEqual(await store.put(KEY, body, CREATE), { kind: "conflict" });
  assert.equal(await textOf(direct, KEY), "theirs");
  assert.equal(await unfinished(), 0);
});

test("a match holds at the completion", async ({ store, body, unfinished }) => {
  const match = written(await store.put(KEY, bodyOf("before"), CREATE));
  const token = written(await store.put(KEY, body, { match }));
  assert.deepEqual(await store.put(KEY, body, { match }), { kind: "conflict" });
  assert.equal((await store.head(KEY))?.token, token);
  assert.equal(await unfinished(), 0);
});

const changes: Record<string, (file: string) => Promise<void>> = {
  changed: (file) => Deno.writeFile(file, new Uint8Array(SIZE)),
  shortened: (file) => Deno.truncate(file, SIZE - 1),
};
for (const [says, change] of Object.entries(changes)) {
  test(`a file that is ${says} on its way is refused`, async ({ proxy, store, body, unfinished }) => {
    const beginning = ({ path }: ProxiedRequest) => path.includes("uploads");
    proxy.fault({ kind: "first", act: () => change(body.file) }, { when: beginning });
    await assert.rejects(
      store.put(KEY, body, CREATE),
      (error) =>
        error instanceof MlforgeError && /it was changed while it was being stored/.test(error.message),
    );
    assert.equal(await store.head(KEY), undefined);
    assert.equal(await unfinished(), 0);
  });
}

test("an upload that can't be taken away is no error", async ({ proxy, store, direct, body, unfinished }) => {
  const theirs = async () => void written(await direct.put(KEY, bodyOf("theirs"), CREATE));
  proxy.fault({ kind: "first", act: theirs }, { when: isCompletion });
  proxy.fault({ kind: "answer", status: 403, applied: false }, { when: ({ method }) => method === "DELETE" });
  assert.deepEqual(await store.put(KEY, body, CREATE), { kind: "conflict" });
  assert.equal(await unfinished(), 1);
});
