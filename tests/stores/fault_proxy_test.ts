import assert from "node:assert/strict";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { type Fault, type FaultProxy, openFaultProxy, type Rule } from "./fault_proxy.ts";
import { S3_KEYS, serverTest } from "./servers.ts";

/** An object of one server, reached through the proxy, and what the server has of it for certain. */
interface Objects {
  /** The status of the answer; undefined where there was none. Errors of the client's own are thrown. */
  put(key: string, text: string): Promise<number | undefined>;
  /** The text; undefined where there is none, "broken" where no whole answer came. */
  get(key: string): Promise<string | undefined>;
  direct(key: string): Promise<string | undefined>;
}

interface Wire {
  proxy: FaultProxy;
  objects: Objects;
}

function wireTest(name: string, body: (wire: Wire) => Promise<void>): void {
  serverTest("s3", `fault proxy, s3: ${name}`, async (server) => {
    const bucket = await server.makeBucket();
    const proxy = openFaultProxy(server.endpoint, "s3");
    const through = newS3Client(proxy.endpoint);
    const direct = newS3Client(server.endpoint);
    const get = async (client: S3Client, Key: string) => {
      try {
        const got = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
        return await got.Body?.transformToString();
      } catch (error) {
        return statusIn(error) === 404 ? undefined : "broken";
      }
    };
    try {
      await body({
        proxy,
        objects: {
          async put(Key, text) {
            const command = new PutObjectCommand({ Bucket: bucket, Key, Body: text });
            try {
              return (await through.send(command)).$metadata.httpStatusCode;
            } catch (error) {
              return statusIn(error);
            }
          },
          get: (key) => get(through, key),
          direct: (key) => get(direct, key),
        },
      });
    } finally {
      through.destroy();
      direct.destroy();
      await proxy.close();
    }
  });

  serverTest("gcs", `fault proxy, gcs: ${name}`, async (server) => {
    const bucket = await server.makeBucket();
    const proxy = openFaultProxy(server.endpoint, "gcs");
    const get = async (endpoint: string, key: string) => {
      try {
        const got = await fetch(`${endpoint}/storage/v1/b/${bucket}/o/${key}?alt=media`);
        const text = await got.text();
        return got.status === 404 ? undefined : got.ok ? text : "broken";
      } catch {
        return "broken";
      }
    };
    try {
      await body({
        proxy,
        objects: {
          async put(key, text) {
            const query = `uploadType=media&name=${key}`;
            const url = `${proxy.endpoint}/upload/storage/v1/b/${bucket}/o?${query}`;
            // A body of unknown length goes in chunks.
            const body = new Blob([text]).stream();
            try {
              const answer = await fetch(url, { method: "POST", body });
              await answer.text();
              return answer.status;
            } catch {
              return undefined;
            }
          },
          get: (key) => get(proxy.endpoint, key),
          direct: (key) => get(server.endpoint, key),
        },
      });
    } finally {
      await proxy.close();
    }
  });
}

function newS3Client(endpoint: string): S3Client {
  const own = { region: "us-east-1", credentials: S3_KEYS, forcePathStyle: true, maxAttempts: 1 };
  return new S3Client({
    ...own,
    endpoint,
    requestHandler: { requestTimeout: 2_000, throwOnRequestTimeout: true },
  });
}

function statusIn(error: unknown): number | undefined {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode;
}

const LARGE = "0123456789".repeat(300_000);

wireTest("without faults all goes through, and is recorded", async ({ proxy, objects }) => {
  assert.equal(await objects.put("a", LARGE), 200);
  assert.equal(await objects.get("a"), LARGE);
  assert.equal(await objects.get("b"), undefined);
  const [put, get, missing] = proxy.requests;
  assert.deepEqual([put?.status, get?.status, missing?.status], [200, 200, 404]);
  assert.deepEqual([put?.method === "GET", get?.method], [false, "GET"]);
  assert.ok(put !== undefined && put.bodyBytes >= LARGE.length && put.bodyBytes < LARGE.length + 2_000);
  assert.equal(get?.answerBytes, LARGE.length);
  proxy.clear();
  assert.equal(proxy.requests.length, 0);
});

/** What a put is told under a fault, and what is on the server then. */
const PUTS: readonly [name: string, fault: Fault, told: number | undefined, there: boolean][] = [
  ["lost before", { kind: "lost before" }, undefined, false],
  ["response lost", { kind: "response lost" }, undefined, true],
  ["cut", { kind: "cut" }, undefined, true],
  ["upload cut", { kind: "upload cut" }, undefined, false],
  ["500, applied", { kind: "answer", status: 500, applied: true }, 500, true],
  ["500, not applied", { kind: "answer", status: 500, applied: false }, 500, false],
  ["503", { kind: "answer", status: 503, applied: false }, 503, false],
  ["429", { kind: "answer", status: 429, applied: false }, 429, false],
  ["409", { kind: "answer", status: 409, applied: false }, 409, false],
  ["delayed", { kind: "delayed", milliseconds: 20 }, 200, true],
];
for (const [name, fault, told, there] of PUTS) {
  wireTest(`a put under "${name}", and the next one without`, async ({ proxy, objects }) => {
    proxy.fault(fault);
    const answered = await objects.put("a", LARGE);
    // S3's empty answer to a put is cut in its head, GCS's in its body: then a status was seen.
    assert.ok(answered === told || (fault.kind === "cut" && answered === 200), `told ${answered}`);
    assert.equal(await objects.direct("a"), there ? LARGE : undefined);
    assert.equal(proxy.requests.length, 1);
    assert.equal(proxy.requests[0]?.fault, fault.kind);
    assert.equal(await objects.put("b", "second"), 200);
    assert.equal(await objects.direct("b"), "second");
  });
}

wireTest("a body that is cut breaks off half-way", async ({ proxy, objects }) => {
  await objects.put("a", LARGE);
  proxy.fault({ kind: "cut" });
  assert.equal(await objects.get("a"), "broken");
  assert.equal(proxy.requests[1]?.status, 200);
  assert.equal(await objects.get("a"), LARGE);
});

wireTest("a late request is applied after others, or at release()", async ({ proxy, objects }) => {
  proxy.fault({ kind: "late", after: 2 });
  proxy.fault({ kind: "late", after: 9 });
  assert.equal(await objects.put("a", "late"), undefined);
  assert.equal(await objects.put("b", "later"), undefined);
  assert.equal(await objects.get("a"), undefined);
  await objects.get("c");
  // It goes its way once that answer has left: that may be a moment after it has come.
  while (await objects.direct("a") === undefined);
  assert.equal(await objects.direct("a"), "late");
  assert.equal(await objects.direct("b"), undefined);
  await proxy.release();
  assert.equal(await objects.direct("b"), "later");
});

wireTest(
  "a rule meets the requests that it names, from the nth on, so many times",
  async ({ proxy, objects }) => {
    const rule: Rule = { when: ({ path }) => path.includes("second"), nth: 2, times: 2 };
    proxy.fault({ kind: "answer", status: 503, applied: false }, rule);
    const told: (number | undefined)[] = [];
    for (const key of ["first", "second", "first", "second", "first", "second", "second"]) {
      told.push(await objects.put(key, "text"));
    }
    assert.deepEqual(told, [200, 200, 200, 503, 200, 503, 200]);
  },
);

wireTest("what comes first has happened when the server gets the request", async ({ proxy, objects }) => {
  let before: string | undefined = "not asked";
  proxy.fault({ kind: "first", act: async () => void (before = await objects.direct("a")) });
  await objects.put("a", "text");
  assert.equal(before, undefined);
  assert.equal(await objects.direct("a"), "text");
});

wireTest("a rewritten request asks for something else", async ({ proxy, objects }) => {
  await objects.put("a", "text");
  proxy.fault({ kind: "rewritten", path: (path) => path.replace(/a(?=[?])/, "b") });
  assert.notEqual(await objects.get("a"), "text");
  assert.equal(await objects.get("a"), "text");
});

wireTest("many at once, each with its own answer", async ({ proxy, objects }) => {
  const keys = Array.from({ length: 40 }, (_, i) => `many-${i}`);
  await Promise.all(keys.map((key) => objects.put(key, `at ${key}`)));
  assert.deepEqual(await Promise.all(keys.map(objects.get)), keys.map((key) => `at ${key}`));
  assert.equal(proxy.requests.length, 80);
});

serverTest("s3", "fault proxy: a silent server is one that never answers", async (server) => {
  const proxy = openFaultProxy(server.endpoint, "s3");
  proxy.fault({ kind: "silent" });
  const signal = AbortSignal.timeout(50);
  await assert.rejects(fetch(proxy.endpoint, { signal }), { name: "TimeoutError" });
  proxy.fault({ kind: "silent" });
  const waiting = assert.rejects(fetch(proxy.endpoint));
  // Whoever still waits when the test ends is cut off.
  while (proxy.requests.length < 2) await new Promise((resume) => setTimeout(resume));
  await proxy.close();
  await waiting;
});
