import assert from "node:assert/strict";
import { MlforgeError } from "../../src/error.ts";
import { parseKey } from "../../src/stores/key.ts";
import type { Body, Store } from "../../src/stores/store.ts";
import { bodyOf, bytesOf, CREATE, keysOf, pattern, sha256, textOf, written } from "./bodies.ts";
import { serverTest, type TestServer } from "./servers.ts";

/** An empty store, opened anew: each client is as of another process. */
export interface StoreUnderTest {
  open(): Promise<Store>;
  dispose(): Promise<void>;
}

/** The promises of src/stores/store.ts, checked on one kind of store. Called once at the top of a test file. */
export function testStore(name: string, make: () => Promise<StoreUnderTest>): void {
  testPromises((says, body) => Deno.test(`${name}: ${says}`, async () => await body(await make())));
}

/** As `testStore`, on a real server. */
export function testServerStore(
  kind: "s3" | "gcs",
  name: string,
  make: (server: TestServer) => Promise<StoreUnderTest>,
): void {
  testPromises((says, body) =>
    serverTest(kind, `${name}: ${says}`, async (server) => await body(await make(server)))
  );
}

/** In bytes: above where a store splits an upload. */
const LARGE = 24 << 20;

function testPromises(define: (says: string, body: (made: StoreUnderTest) => Promise<void>) => void): void {
  function test(says: string, body: (store: Store, open: () => Promise<Store>) => Promise<void>): void {
    define(says, async (made) => {
      try {
        await body(await made.open(), () => made.open());
      } finally {
        await made.dispose();
      }
    });
  }

  test("what is missing is undefined, and deleting it is no error", async (store) => {
    const key = parseKey("missing/object");
    assert.equal(await store.head(key), undefined);
    assert.equal(await store.get(key), undefined);
    assert.deepEqual(await keysOf(store, ""), []);
    await store.delete(key);
  });

  test("put() with create writes a new object, with its size, token and SHA-256", async (store, open) => {
    const key = parseKey("clicks/1.0.0/data.parquet");
    const body = bodyOf("the data");
    const token = written(await store.put(key, body, CREATE));
    const head = await (await open()).head(key);
    assert.deepEqual(head, { size: 8, token, sha256: body.sha256 });
    const got = await store.get(key);
    assert.deepEqual([got?.size, got?.token, got?.sha256], [8, token, body.sha256]);
    assert.equal(new TextDecoder().decode(await bytesOf(got)), "the data");
  });

  test("put() with create refuses an existing key, and leaves it as it is", async (store) => {
    const key = parseKey("a");
    const token = written(await store.put(key, bodyOf("first"), CREATE));
    assert.deepEqual(await store.put(key, bodyOf("second"), CREATE), { kind: "conflict" });
    assert.deepEqual(await store.put(key, bodyOf("first"), CREATE), { kind: "conflict" });
    assert.equal(await textOf(store, "a"), "first");
    assert.equal((await store.head(key))?.token, token);
  });

  test("put() with match replaces exactly the state that the token names", async (store) => {
    const key = parseKey("a");
    const first = written(await store.put(key, bodyOf("first"), CREATE));
    const second = written(await store.put(key, bodyOf("second"), { match: first }));
    assert.notEqual(second, first);
    assert.deepEqual(await store.put(key, bodyOf("third"), { match: first }), { kind: "conflict" });
    assert.equal(await textOf(store, "a"), "second");
    written(await store.put(key, bodyOf("third"), { match: second }));
    assert.equal(await textOf(store, "a"), "third");
  });

  test("put() with match on a missing object is a conflict", async (store) => {
    const key = parseKey("a");
    const token = written(await store.put(key, bodyOf("first"), CREATE));
    await store.delete(key);
    assert.deepEqual(await store.put(key, bodyOf("second"), { match: token }), { kind: "conflict" });
    assert.equal(await store.head(key), undefined);
  });

  test("get() with match gives only that state", async (store) => {
    const key = parseKey("a");
    const first = written(await store.put(key, bodyOf("first"), CREATE));
    assert.equal(new TextDecoder().decode(await bytesOf(await store.get(key, { match: first }))), "first");
    written(await store.put(key, bodyOf("second"), { match: first }));
    assert.equal(await store.get(key, { match: first }), undefined);
  });

  test("get() with a range gives its bytes, clipped to the object's end", async (store) => {
    const key = parseKey("a");
    written(await store.put(key, bodyOf("0123456789"), CREATE));
    const part = async (from: number, to: number) =>
      new TextDecoder().decode(await bytesOf(await store.get(key, { range: [from, to] })));
    assert.equal(await part(0, 4), "0123");
    assert.equal(await part(3, 4), "3");
    assert.equal(await part(6, 100), "6789");
    assert.equal(
      (await store.get(key, { range: [2, 5] }).then(async (got) => (await bytesOf(got), got)))?.size,
      10,
    );
  });

  test("an empty body is an object", async (store) => {
    const key = parseKey("empty");
    written(await store.put(key, bodyOf(""), CREATE));
    assert.equal((await store.head(key))?.size, 0);
    assert.equal((await bytesOf(await store.get(key))).length, 0);
    assert.deepEqual(await store.put(key, bodyOf(""), CREATE), { kind: "conflict" });
  });

  test("a body that is left half read does no harm", async (store) => {
    const key = parseKey("a");
    written(await store.put(key, bodyOf(pattern(1 << 20)), CREATE));
    const got = await store.get(key);
    const reader = got?.body.getReader();
    await reader?.read();
    await reader?.cancel();
    assert.equal((await bytesOf(await store.get(key))).length, 1 << 20);
  });

  test("a large file comes back as it was, with its SHA-256, and its parts too", async (store) => {
    const file = await Deno.makeTempFile();
    try {
      const bytes = pattern(LARGE);
      await Deno.writeFile(file, bytes);
      const body = { file, size: bytes.length, sha256: sha256(bytes) };
      const key = parseKey("large");
      const token = written(await store.put(key, body, CREATE));
      assert.deepEqual(await store.head(key), { size: bytes.length, token, sha256: body.sha256 });
      assert.equal(sha256(await bytesOf(await store.get(key))), body.sha256);
      const [from, to] = [bytes.length - 70_000, bytes.length - 3];
      assert.deepEqual(await bytesOf(await store.get(key, { range: [from, to] })), bytes.slice(from, to));
      assert.deepEqual(await store.put(key, body, CREATE), { kind: "conflict" });
    } finally {
      await Deno.remove(file);
    }
  });

  test("a missing file is an error that names it, and writes nothing", async (store) => {
    const body: Body = { file: "/no/such/file", size: 3, sha256: sha256(pattern(3)) };
    await assert.rejects(
      store.put(parseKey("a"), body, CREATE),
      (error) => error instanceof MlforgeError && error.message.includes("/no/such/file"),
    );
    assert.equal(await store.head(parseKey("a")), undefined);
    assert.deepEqual(await keysOf(store, ""), []);
  });

  test("list() gives keys in byte order, by prefix, with sizes", async (store) => {
    const keys = ["a/1", "a/10", "a/2", "a-b", "a.b", "ab/c/d/e", "C", "_m/x", "b"];
    await Promise.all(keys.map((key) => store.put(parseKey(key), bodyOf(key), CREATE)));
    assert.deepEqual(await keysOf(store, ""), keys.toSorted());
    assert.deepEqual(await keysOf(store, "a/"), ["a/1", "a/10", "a/2"]);
    assert.deepEqual(await keysOf(store, "a/1"), ["a/1", "a/10"]);
    assert.deepEqual(await keysOf(store, "ab/c/d"), ["ab/c/d/e"]);
    assert.deepEqual(await keysOf(store, "d"), []);
    assert.deepEqual(await Array.fromAsync(store.list("ab")), [{ key: parseKey("ab/c/d/e"), size: 8 }]);
  });

  test("list() goes beyond a page of 1,000 keys", async (store) => {
    const keys = Array.from({ length: 1205 }, (_, i) => `many/${String(i).padStart(5, "0")}`);
    for (let at = 0; at < keys.length; at += 50) {
      await Promise.all(keys.slice(at, at + 50).map((key) => store.put(parseKey(key), bodyOf("x"), CREATE)));
    }
    assert.deepEqual(await keysOf(store, "many/"), keys);
  });

  test("odd keys are keys as any other", async (store) => {
    const keys = [
      ".meta.json",
      "a+b",
      "a..b",
      "x._-+y",
      "_mlforge/tx/20260101T000000-0a1b",
      "l".repeat(200),
      "n/e/s/t/e/d/v/e/r/y/deep",
    ];
    for (const key of keys) written(await store.put(parseKey(key), bodyOf(`at ${key}`), CREATE));
    assert.deepEqual(await keysOf(store, ""), keys.toSorted());
    for (const key of keys) assert.equal(await textOf(store, key), `at ${key}`);
    for (const key of keys) await store.delete(parseKey(key));
    assert.deepEqual(await keysOf(store, ""), []);
  });

  test("a deleted object is gone, and its key can be created again", async (store) => {
    const key = parseKey("a/b");
    written(await store.put(key, bodyOf("first"), CREATE));
    await store.delete(key);
    assert.equal(await store.get(key), undefined);
    written(await store.put(key, bodyOf("second"), CREATE));
    assert.equal(await textOf(store, "a/b"), "second");
  });

  test("of 20 racing creators exactly one is written, and its body stays", async (_, open) => {
    for (let round = 0; round < 5; round++) {
      const key = parseKey(`race/${round}`);
      const clients = await Promise.all(Array.from({ length: 20 }, open));
      const results = await Promise.all(clients.map((store, i) => store.put(key, bodyOf(`by ${i}`), CREATE)));
      const winners = results.flatMap((result, i) => result.kind === "written" ? [i] : []);
      assert.equal(winners.length, 1, `winners: ${winners}`);
      assert.ok(results.every((result) => result.kind !== "unknown"));
      assert.equal(await textOf(await open(), `race/${round}`), `by ${winners[0]}`);
    }
  });

  test("8 writers that each add 100 to a counter by match make it 800", async (store, open) => {
    const key = parseKey("counter");
    // The rest keeps tokens of equal numbers apart, as the protocol's own objects do.
    const text = (count: number) => bodyOf(`${count} ${crypto.randomUUID()}`);
    written(await store.put(key, text(0), CREATE));
    await Promise.all(Array.from({ length: 8 }, async () => {
      const client = await open();
      for (let added = 0; added < 100;) {
        const got = await client.get(key);
        assert.ok(got !== undefined);
        const count = parseInt(new TextDecoder().decode(await bytesOf(got)));
        const result = await client.put(key, text(count + 1), { match: got.token });
        assert.notEqual(result.kind, "unknown");
        if (result.kind === "written") added++;
      }
    }));
    assert.equal(parseInt(await textOf(store, "counter")), 800);
  });

  test("readers that race a writer see whole bodies that fit their head", async (store, open) => {
    const key = parseKey("a");
    const bodies = [1, 2, 3].map((n) => bodyOf(new Uint8Array(n * 100_000).fill(n)));
    const first = bodies[0] ?? assert.fail();
    let token = written(await store.put(key, first, CREATE));
    let writing = true;
    const reader = await open();
    const reading = (async () => {
      while (writing) {
        const got = await reader.get(key);
        const bytes = await bytesOf(got);
        assert.equal(bytes.length, got?.size);
        assert.equal(sha256(bytes), got?.sha256);
      }
    })();
    for (let round = 1; round <= 40; round++) {
      token = written(await store.put(key, bodies[round % 3] ?? assert.fail(), { match: token }));
    }
    writing = false;
    await reading;
  });
}
