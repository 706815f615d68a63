import assert from "node:assert/strict";
import { openS3Bucket, openS3Store } from "../../../src/stores/s3.ts";
import { MlforgeError } from "../../../src/error.ts";
import { parseKey } from "../../../src/stores/key.ts";
import { bodyOf, bytesOf, CREATE } from "../bodies.ts";
import { type FaultProxy, openFaultProxy } from "../fault_proxy.ts";
import { serverTest, type TestServer } from "../servers.ts";
import { AWS_ENV } from "../wire.ts";

/** A bucket of the server's own region, with one object; what is asked of it is counted. */
function regionTest(
  name: string,
  body: (here: { bucket: string; proxy: FaultProxy }) => Promise<void>,
): void {
  serverTest("s3", `S3 region: ${name}`, async ({ endpoint, makeBucket }: TestServer) => {
    for (const [name, value] of Object.entries(AWS_ENV)) Deno.env.set(name, value);
    const proxy = openFaultProxy(endpoint, "s3");
    try {
      const bucket = await makeBucket();
      const store = await openS3Store({ kind: "s3", bucket, prefix: "", endpoint });
      await store.put(parseKey("object"), bodyOf("text"), CREATE);
      await body({ bucket, proxy });
    } finally {
      await proxy.close();
    }
  });
}

const elsewhere = (bucket: string, { endpoint }: FaultProxy) =>
  ({ kind: "s3", bucket, prefix: "", endpoint, region: "eu-west-1" }) as const;

regionTest(
  "a source's bucket is followed into its own, which is asked from then on",
  async ({ bucket, proxy }) => {
    const opened = await openS3Bucket(elsewhere(bucket, proxy));
    const names = async () => (await Array.fromAsync(opened.list(""))).map(({ name }) => name);
    assert.deepEqual(await names(), ["object"]);
    assert.equal(new TextDecoder().decode(await bytesOf(await opened.get("object"))), "text");
    assert.equal((await opened.head("object"))?.size, 4);
    assert.deepEqual(proxy.requests.map(({ status }) => status), [400, 200, 206, 200]);
  },
);

regionTest("what many ask at once is followed for each", async ({ bucket, proxy }) => {
  const opened = await openS3Bucket(elsewhere(bucket, proxy));
  const heads = await Promise.all(Array.from({ length: 8 }, () => opened.head("object")));
  assert.deepEqual(heads.map((head) => head?.size), Array(8).fill(4));
});

regionTest("a 301 that names it is taken for its name, not for its address", async ({ bucket, proxy }) => {
  const headers = { location: "http://127.0.0.1:1/elsewhere", "x-amz-bucket-region": "us-east-1" };
  proxy.fault({ kind: "answer", status: 301, headers, body: "", applied: false }, { nth: 1 });
  const opened = await openS3Bucket(elsewhere(bucket, proxy));
  assert.equal((await opened.head("object"))?.size, 4);
  assert.deepEqual(proxy.requests.map(({ status }) => status), [301, 200]);
});

regionTest("a server that sends to and fro is left after one turn", async ({ bucket, proxy }) => {
  const headers = { "x-amz-bucket-region": "eu-north-1" };
  proxy.fault({ kind: "answer", status: 301, headers, body: "", applied: false }, { times: Infinity });
  const opened = await openS3Bucket(elsewhere(bucket, proxy));
  await assert.rejects(opened.get("object"), /the bucket is in region eu-north-1/);
  assert.equal(proxy.requests.length, 2);
});

regionTest("a store's own bucket is not followed: its region is to be set", async ({ bucket, proxy }) => {
  const store = await openS3Store(elsewhere(bucket, proxy));
  await assert.rejects(store.get(parseKey("object")), (error) => {
    return error instanceof MlforgeError && /"region: us-east-1"/.test(error.hint ?? "");
  });
});
