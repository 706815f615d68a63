import assert from "node:assert/strict";
import { MlforgeError } from "../../../src/error.ts";
import { isForbidden } from "../../../src/stores/cause.ts";
import { parseKey } from "../../../src/stores/key.ts";
import { openS3Store } from "../../../src/stores/s3.ts";
import type { Store } from "../../../src/stores/store.ts";
import { bodyOf, CREATE, keysOf, textOf, written } from "../bodies.ts";
import { makeS3User, READING } from "../s3_user.ts";
import { serverTest, type TestServer } from "../servers.ts";
import { AWS_ENV } from "../wire.ts";

const KEY = parseKey("a");

type Environment = Pick<typeof AWS_ENV, "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY">;

/** Credentials are found as a store is opened, and kept. */
async function openAs(env: Environment, server: TestServer, bucket: string): Promise<Store> {
  for (const [variable, value] of Object.entries(env)) Deno.env.set(variable, value);
  try {
    return await openS3Store({ kind: "s3", bucket, prefix: "", endpoint: server.endpoint });
  } finally {
    for (const variable of Object.keys(env)) Deno.env.delete(variable);
  }
}

/** As someone who may do these actions in the bucket, and nothing else. */
async function openWith(actions: readonly string[], server: TestServer, bucket: string): Promise<Store> {
  return await openAs((await makeS3User(server, bucket, actions)).env, server, bucket);
}

function denied(error: unknown, says: RegExp): true {
  assert.ok(error instanceof MlforgeError);
  assert.ok(isForbidden(error));
  assert.match(`${error.message}\n${error.hint}`, says);
  return true;
}

serverTest("s3", "S3 rights: who may only read reads, and is told what is not allowed", async (server) => {
  const bucket = await server.makeBucket();
  const root = await openAs(AWS_ENV, server, bucket);
  const token = written(await root.put(KEY, bodyOf("text"), CREATE));
  const store = await openWith(READING, server, bucket);
  assert.equal(await textOf(store, "a"), "text");
  assert.equal((await store.head(KEY))?.size, 4);
  assert.deepEqual(await keysOf(store, ""), ["a"]);
  assert.equal(await store.get(parseKey("missing")), undefined);
  const refusals: [RegExp, () => Promise<unknown>][] = [
    [
      /^Can't write .*: access is denied\ns3:PutObject on bucket/,
      () => store.put(parseKey("b"), bodyOf("x"), CREATE),
    ],
    [
      /^Can't write .*: access is denied\ns3:PutObject on bucket/,
      () => store.put(KEY, bodyOf("x"), { match: token }),
    ],
    [/^Can't delete .*: access is denied\ns3:DeleteObject on bucket/, () => store.delete(KEY)],
  ];
  for (const [says, act] of refusals) await assert.rejects(act, (error) => denied(error, says));
  assert.deepEqual(await keysOf(root, ""), ["a"]);
});

serverTest(
  "s3",
  "S3 rights: a large file that may not be written is refused before it leaves",
  async (server) => {
    const bucket = await server.makeBucket();
    const store = await openWith(READING, server, bucket);
    const file = await Deno.makeTempFile();
    try {
      const bytes = new Uint8Array(20 << 20);
      await Deno.writeFile(file, bytes);
      let sent = 0;
      const body = {
        file,
        size: bytes.length,
        sha256: bodyOf(bytes).sha256,
        onSent: (n: number) => void (sent += n),
      };
      await assert.rejects(store.put(KEY, body, CREATE), (error) => denied(error, /s3:PutObject/));
      assert.equal(sent, 0);
    } finally {
      await Deno.remove(file);
    }
  },
);

serverTest("s3", "S3 rights: who may nothing is told which action is missing", async (server) => {
  const bucket = await server.makeBucket();
  const store = await openWith(["s3:PutObject"], server, bucket);
  await assert.rejects(store.head(KEY), (error) => denied(error, /s3:GetObject/));
  await assert.rejects(store.get(KEY), (error) => denied(error, /s3:GetObject/));
  await assert.rejects(keysOf(store, ""), (error) => denied(error, /s3:ListBucket/));
});
