import assert from "node:assert/strict";
import { MlforgeError } from "../../src/error.ts";
import { parseKey } from "../../src/stores/key.ts";
import { openLocalStore } from "../../src/stores/local.ts";
import { testStore } from "./conformance.ts";

testStore("local store", async () => {
  const folder = await Deno.makeTempDir();
  return {
    open: () => Promise.resolve(openLocalStore(`${folder}/store`)),
    dispose: () => Deno.remove(folder, { recursive: true }),
  };
});

const text = new TextEncoder().encode("text");
const sha256 = "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1";

Deno.test("local store: an object has the path of its key, and working files do not stay", async () => {
  const folder = await Deno.makeTempDir();
  const store = openLocalStore(folder);
  await store.put(parseKey("a/b"), { bytes: text, sha256 }, { create: true });
  assert.equal(await Deno.readTextFile(`${folder}/a/b`), "text");
  assert.deepEqual(await Array.fromAsync(Deno.readDir(`${folder}/~mlforge`)), []);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("local store: a body that does not have its SHA-256 is refused", async () => {
  const folder = await Deno.makeTempDir();
  const store = openLocalStore(folder);
  const put = store.put(parseKey("a"), { bytes: text, sha256: "0".repeat(64) }, { create: true });
  await assert.rejects(put, /whose SHA-256 is 982d9e3e/);
  assert.equal(await store.head(parseKey("a")), undefined);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("local store: an object below another object is refused", async () => {
  const folder = await Deno.makeTempDir();
  const store = openLocalStore(folder);
  await store.put(parseKey("a"), { bytes: text, sha256 }, { create: true });
  await assert.rejects(
    store.put(parseKey("a/b"), { bytes: text, sha256 }, { create: true }),
    (error) => error instanceof MlforgeError && /a file stands where a folder should be/.test(error.message),
  );
  await Deno.remove(folder, { recursive: true });
});
