import assert from "node:assert/strict";
import { MlforgeError } from "../../../src/error.ts";
import { isForbidden } from "../../../src/stores/cause.ts";
import { openGcsStore } from "../../../src/stores/gcs.ts";
import { parseKey } from "../../../src/stores/key.ts";
import type { PutResult, Store } from "../../../src/stores/store.ts";
import { serverTest } from "../servers.ts";
import { proxiedTest } from "./behind_proxy.ts";

const KEY = parseKey("a/b");
const BODY = {
  bytes: new TextEncoder().encode("text"),
  sha256: "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1",
};
const put = (store: Store): Promise<PutResult> => store.put(KEY, BODY, { create: true });
const list = (store: Store) => Array.fromAsync(store.list(""));

async function errorOf(work: Promise<unknown>): Promise<MlforgeError> {
  const error = await work.then(() => undefined, (thrown) => thrown);
  assert.ok(error instanceof MlforgeError, `${error} is no error in our words`);
  return error;
}

proxiedTest("GCS errors: 403 names the permission, the bucket and the identity", async ({ store, proxy }) => {
  const asked: [work: () => Promise<unknown>, doing: RegExp, permission: string][] = [
    [() => store.head(KEY), /^Can't read gs:.*\/p\/a\/b: access is denied$/, "storage.objects.get"],
    [() => store.get(KEY), /^Can't read gs:.*\/p\/a\/b: access is denied$/, "storage.objects.get"],
    [() => list(store), /^Can't list gs:.*\/p\/: access is denied$/, "storage.objects.list"],
    [() => put(store), /^Can't write gs:.*\/p\/a\/b: access is denied$/, "storage.objects.create"],
    [() => store.delete(KEY), /^Can't delete gs:.*\/p\/a\/b: access is denied$/, "storage.objects.delete"],
  ];
  for (const [work, doing, permission] of asked) {
    proxy.clear();
    proxy.fault({ kind: "answer", applied: false, status: 403 });
    const error = await errorOf(work());
    assert.match(error.message, doing);
    assert.ok(error.hint?.startsWith(`${permission} on bucket "test-`), error.hint);
    assert.ok(error.hint?.includes("is not allowed to no credentials"), error.hint);
    assert.ok(isForbidden(error));
    assert.equal(proxy.requests.length, 1);
  }
});

serverTest("gcs", "GCS errors: a bucket that is not there is named", async ({ endpoint }) => {
  const store = await openGcsStore({ kind: "gcs", bucket: "no-such-bucket", prefix: "", endpoint });
  for (const work of [list, put]) {
    assert.match((await errorOf(work(store))).message, /: there is no bucket "no-such-bucket"$/);
  }
});

proxiedTest(
  "GCS errors: Google's own words for a missing bucket are no missing object",
  async ({ store, proxy }) => {
    const json = JSON.stringify({ error: { code: 404, message: "The specified bucket does not exist." } });
    const xml = "<?xml version='1.0'?><Error><Code>NoSuchBucket</Code><Message>...</Message></Error>";
    for (const [work, body] of [[() => store.head(KEY), json], [() => store.get(KEY), xml]] as const) {
      proxy.fault({ kind: "answer", applied: false, status: 404, body });
      assert.match((await errorOf(work())).message, /: there is no bucket "test-/);
    }
  },
);

Deno.test("GCS errors: a port where nobody listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const store = await openGcsStore({
    kind: "gcs",
    bucket: "bucket",
    prefix: "",
    endpoint: `http://127.0.0.1:${port}`,
  });
  for (const work of [list, put]) {
    const { message, hint } = await errorOf(work(store));
    assert.ok(message.endsWith(`: 127.0.0.1:${port} can't be reached`), message);
    assert.match(hint ?? "", /Check the network/);
  }
});

serverTest("gcs", "GCS errors: a server that speaks no TLS", async ({ endpoint }) => {
  const https = endpoint.replace("http:", "https:");
  const store = await openGcsStore({ kind: "gcs", bucket: "bucket", prefix: "", endpoint: https });
  assert.match((await errorOf(list(store))).message, /: 127.0.0.1:\d+ can't be reached safely/);
});

proxiedTest(
  "GCS errors: a server that hangs is given up, reads and writes alike",
  async ({ store, proxy }) => {
    proxy.fault({ kind: "silent" }, { times: 99 });
    const [read, write] = await Promise.all([errorOf(store.get(KEY)), put(store)]);
    assert.match(read.message, /: 127.0.0.1:\d+ does not answer$/);
    assert.equal(write.kind, "unknown");
  },
);

proxiedTest(
  "GCS errors: a portal's page is no answer to a write, and no object",
  async ({ store, direct, proxy }) => {
    proxy.fault({ kind: "answer", applied: false, status: 200, body: "<html>Sign in</html>" }, { times: 99 });
    assert.equal((await put(store)).kind, "unknown");
    assert.match((await errorOf(store.head(KEY))).message, /is none of Google's$/);
    assert.match((await errorOf(store.get(KEY))).message, /is none of Google's$/);
    assert.equal(await direct.head(KEY), undefined);
  },
);

proxiedTest(
  "GCS errors: a refusal that comes before anything was written is thrown",
  async ({ store, proxy }) => {
    for (
      const [status, why] of [[401, /does not take no credentials$/], [400, /refused it \(status 400\)$/], [
        302,
        /sends elsewhere/,
      ]] as const
    ) {
      proxy.fault({ kind: "answer", applied: false, status, headers: { location: "http://127.0.0.1:1/" } });
      assert.match((await errorOf(put(store))).message, why);
    }
  },
);

serverTest("gcs", "GCS errors: what is stored as gzip is refused: it would come unpacked", async (server) => {
  const bucket = await server.makeBucket();
  const query = "uploadType=media&name=a/b&contentEncoding=gzip";
  const packed = new Blob(["text"]).stream().pipeThrough(new CompressionStream("gzip"));
  const body = await new Response(packed).arrayBuffer();
  const made = await fetch(`${server.endpoint}/upload/storage/v1/b/${bucket}/o?${query}`, {
    method: "POST",
    body,
  });
  assert.ok(made.ok, await made.text());
  const store = await openGcsStore({ kind: "gcs", bucket, prefix: "", endpoint: server.endpoint });
  assert.match((await errorOf(store.get(KEY))).message, /stored with content encoding "gzip"$/);
});
