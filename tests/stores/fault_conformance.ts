import assert from "node:assert/strict";
import { MlforgeError } from "../../src/error.ts";
import { parseKey } from "../../src/stores/key.ts";
import type { Store } from "../../src/stores/store.ts";
import { bodyOf, bytesOf, CREATE, keysOf, pattern, sha256, textOf, written } from "./bodies.ts";
import { type Fault, type FaultProxy, openFaultProxy, type ProxiedRequest } from "./fault_proxy.ts";
import { serverTest } from "./servers.ts";

/** One bucket, reached through the proxy and past it. */
interface Wire {
  proxy: FaultProxy;
  /** Goes by the proxy. */
  store: Store;
  /** Sees what is there. */
  direct: Store;
}

const KEY = parseKey("a");
const isRead = ({ method }: ProxiedRequest) => method === "GET" || method === "HEAD";
const isWrite = (request: ProxiedRequest) => !isRead(request);
/** Leaves a connection that has been used: there a platform may repeat by itself what it had no answer to. */
const use = async (store: Store) => void await store.head(KEY);
const BUSY: Fault = { kind: "answer", status: 503, applied: false };

/**
 * What a store makes of a wire that loses, cuts, delays and repeats, checked on a real server. Called once at the top of a
 * test file. `open` opens a store of one kind at an endpoint.
 */
export function testStoreOnBadWire(
  kind: "s3" | "gcs",
  name: string,
  open: (endpoint: string, bucket: string) => Promise<Store>,
): void {
  function test(says: string, body: (wire: Wire) => Promise<void>): void {
    serverTest(kind, `${name} on a bad wire: ${says}`, async (server) => {
      const bucket = await server.makeBucket();
      const proxy = openFaultProxy(server.endpoint, kind);
      try {
        const direct = await open(server.endpoint, bucket);
        await body({ proxy, direct, store: await open(proxy.endpoint, bucket) });
      } finally {
        await proxy.close();
      }
    });
  }

  const stored: Record<string, Fault> = {
    "whose answer is lost": { kind: "response lost" },
    "answered 500 though it was applied": { kind: "answer", status: 500, applied: true },
    "answered 503 though it was applied": { kind: "answer", status: 503, applied: true },
    "whose answer is cut": { kind: "cut" },
  };
  const notStored: Record<string, Fault> = {
    "that is lost on its way": { kind: "lost before" },
    "that is cut on its way": { kind: "upload cut" },
    "answered 500": { kind: "answer", status: 500, applied: false },
    "answered 503": BUSY,
    "answered 429": { kind: "answer", status: 429, applied: false },
  };
  for (const [there, faults] of [[true, stored], [false, notStored]] as const) {
    for (const [says, fault] of Object.entries(faults)) {
      test(`a write ${says} is unknown, and sent once`, async ({ proxy, store, direct }) => {
        await use(store);
        proxy.fault(fault, { when: isWrite });
        assert.equal((await store.put(KEY, bodyOf("mine"), CREATE)).kind, "unknown");
        assert.equal(proxy.requests.filter(isWrite).length, 1);
        assert.equal((await direct.head(KEY))?.sha256, there ? bodyOf("mine").sha256 : undefined);
      });

      test(`a replacement ${says} is unknown, and sent once`, async ({ proxy, store, direct }) => {
        await use(store);
        const match = written(await direct.put(KEY, bodyOf("before"), CREATE));
        proxy.fault(fault, { when: isWrite });
        assert.equal((await store.put(KEY, bodyOf("after"), { match })).kind, "unknown");
        assert.equal(proxy.requests.filter(isWrite).length, 1);
        assert.equal(await textOf(direct, KEY), there ? "after" : "before");
      });
    }
  }

  test("a write that comes late is unknown, and there once it came", async ({ proxy, store, direct }) => {
    proxy.fault({ kind: "late", after: 1000 }, { when: isWrite });
    assert.equal((await store.put(KEY, bodyOf("late"), CREATE)).kind, "unknown");
    assert.equal(await direct.head(KEY), undefined);
    await proxy.release();
    assert.equal(await textOf(direct, KEY), "late");
  });

  test("a refused condition is a conflict, whatever comes before the answer", async ({ proxy, store, direct }) => {
    written(await direct.put(KEY, bodyOf("theirs"), CREATE));
    proxy.fault({ kind: "delayed", milliseconds: 50 });
    assert.deepEqual(await store.put(KEY, bodyOf("mine"), CREATE), { kind: "conflict" });
  });

  for (
    const [says, fault] of Object.entries<Fault>({
      "lost before": { kind: "lost before" },
      "answer lost": { kind: "response lost" },
      "503": BUSY,
      "429": { kind: "answer", status: 429, applied: false },
      "cut": { kind: "cut" },
    })
  ) {
    test(`reads are asked again (${says})`, async ({ proxy, store, direct }) => {
      written(await direct.put(KEY, bodyOf("text"), CREATE));
      const reads = [() => store.head(KEY), () => textOf(store, KEY), () => keysOf(store, "")];
      for (const read of reads) {
        proxy.fault(fault, { when: isRead });
        await read();
      }
      assert.equal(proxy.requests.filter(({ fault }) => fault !== undefined).length, reads.length);
      assert.equal(await textOf(store, KEY), "text");
      assert.deepEqual(await keysOf(store, ""), ["a"]);
    });
  }

  test("a read that fails again and again is one clear error", async ({ proxy, store }) => {
    proxy.fault(BUSY, { times: Infinity });
    for (const read of [() => store.head(KEY), () => store.get(KEY), () => keysOf(store, "")]) {
      await assert.rejects(read(), (error) => {
        assert.ok(error instanceof MlforgeError);
        assert.match(error.message, /^Can't (read|list) .* is busy or broken \(status 503\)$/);
        return true;
      });
    }
  });

  test("a body that breaks off goes on from there, of the same state", async ({ proxy, store, direct }) => {
    const bytes = pattern(3 << 20);
    written(await direct.put(KEY, bodyOf(bytes), CREATE));
    proxy.fault({ kind: "cut" }, { when: isRead, times: 2 });
    assert.equal(sha256(await bytesOf(await store.get(KEY))), sha256(bytes));
    // From the start, from the middle, from the middle of the rest.
    const starts = proxy.requests.map(({ headers }) => /=(\d+)-/.exec(headers.get("range") ?? "=0-")?.[1]);
    assert.deepEqual(starts.map(Number), [0, 1.5 * 2 ** 20, 2.25 * 2 ** 20]);
  });

  test("a range that breaks off goes on from there", async ({ proxy, store, direct }) => {
    const bytes = pattern(3 << 20);
    written(await direct.put(KEY, bodyOf(bytes), CREATE));
    proxy.fault({ kind: "cut" }, { when: isRead, times: 2 });
    const range: [number, number] = [1000, 2_000_000];
    assert.deepEqual(await bytesOf(await store.get(KEY, { range })), bytes.slice(...range));
  });

  test("a body that breaks off and is replaced meanwhile is an error, never a mix", async ({ proxy, store, direct }) => {
    const match = written(await direct.put(KEY, bodyOf(pattern(1 << 20)), CREATE));
    proxy.fault({ kind: "cut" }, { when: isRead });
    const replace = async () =>
      void written(await direct.put(KEY, bodyOf(new Uint8Array(1 << 20)), { match }));
    proxy.fault({ kind: "first", act: replace }, { when: isRead, nth: 2 });
    await assert.rejects(
      async () => await bytesOf(await store.get(KEY)),
      (error) => error instanceof MlforgeError && /changed while it was being read/.test(error.message),
    );
  });

  test("a slow server is waited for", async ({ proxy, store }) => {
    proxy.latency = 30;
    written(await store.put(KEY, bodyOf("text"), CREATE));
    assert.equal(await textOf(store, KEY), "text");
  });
}
