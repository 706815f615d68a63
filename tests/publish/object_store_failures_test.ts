import assert from "node:assert/strict";
import { MlforgeError } from "../../src/error.ts";
import type { Store } from "../../src/stores/store.ts";
import { type Objects, openMemoryStore, tokenOf } from "./memory_store.ts";
import { isError, M, test } from "./object_bench.ts";
import { publishTexts, readText, sha256, stageText, versionsOf, WHO } from "./sample_batch.ts";

test("a pointer to a version without metadata is not taken over", async ({ publisher, write }) => {
  write("a/_latest.json", '{"version": "1.2.0"}');
  await assert.rejects(publisher.begin(WHO), isError("failed", "a/_latest.json", "a/1.2.0/.meta.json"));
});

test("where M was lost, commits count on from the pointers", async ({ publisher, objects, text }) => {
  for (const round of [1, 2, 3]) await publishTexts(publisher, { a: `a${round}` });
  objects.delete(M);
  await publishTexts(publisher, { a: "a4" });
  assert.equal(JSON.parse(text("a/_latest.json")).version, "1.3.0");
  assert.equal(JSON.parse(text("a/_latest.json")).seq, 4);
});

test("a pointer that something else moved stops the publishing, and stays", async ({ publisher, write, text }) => {
  await publishTexts(publisher, { a: "a1", b: "b1" });
  write("a/_latest.json", '{"version": "7.0.0"}');
  const stopped = isError("failed", "a/_latest.json", "1.1.0", "7.0.0");
  await assert.rejects(publishTexts(publisher, { a: "a2", b: "b2" }), stopped);
  assert.equal(text("a/_latest.json"), '{"version": "7.0.0"}');
  assert.equal(JSON.parse(text("b/_latest.json")).version, "1.1.0", "the other features are completed");
  assert.equal(await readText(publisher, "a"), "1.1.0 a2");
  await assert.rejects(publisher.begin(WHO), stopped);
});

test("metadata that is not what was committed stops the publishing, and stays", async ({ publisher, write, text }) => {
  const batch = await publisher.begin(WHO);
  const entry = await stageText(publisher, batch, "a", "a1");
  write("a/1.0.0/.meta.json", "{}");
  await assert.rejects(batch.publish([entry]), isError("failed", "Published", "a/1.0.0/.meta.json"));
  await batch.close();
  assert.equal(text("a/1.0.0/.meta.json"), "{}");
});

test("a commit that a dead run left half done is completed by the next one, saying so", async (bench) => {
  const { openOn, store, publisher, objects } = bench;
  await publishTexts(publisher, { a: "a1", b: "b1" });
  const dying: Store = {
    ...store,
    put: (key, body, condition) =>
      key.endsWith(".meta.json")
        ? Promise.reject(new MlforgeError("failed", "The network failed"))
        : store.put(key, body, condition),
  };
  const { notes } = await publishTexts(openOn(dying), { a: "a2", b: "b2" });
  assert.match(notes[0] ?? "", /not all of it is in place: The network failed/);
  // Readers of M see the whole batch, with metadata, at once; readers of pointers the old one.
  assert.equal(await readText(publisher, "a"), "1.1.0 a2");
  assert.equal((await publisher.metadata("b", "1.1.0"))?.content_hash, sha256("b2"));
  assert.deepEqual(await publisher.versions("a"), ["1.0.0", "1.1.0"]);
  assert.equal(objects.has("a/1.1.0/.meta.json"), false);
  assert.equal(JSON.parse(bench.text("a/_latest.json")).version, "1.0.0");
  const batch = await publisher.begin(WHO);
  await batch.close();
  assert.equal(batch.base.notes.length, 1);
  assert.match(batch.base.notes[0] ?? "", /^Completed commit/);
  assert.equal(JSON.parse(bench.text("a/_latest.json")).version, "1.1.0");
  assert.equal(objects.has("b/1.1.0/.meta.json"), true);
  assert.deepEqual(JSON.parse(bench.text(M)).pending, []);
});

test("a commit whose answer never comes is an unknown outcome", async ({ openOn, store, publisher }) => {
  await publishTexts(publisher, { a: "a1" });
  const silent: Store = {
    ...store,
    put: (key, body, condition) =>
      key === M ? Promise.resolve({ kind: "unknown", cause: "no answer" }) : store.put(key, body, condition),
  };
  await assert.rejects(publishTexts(openOn(silent), { a: "a2" }), isError("unknown_outcome", "commit"));
  assert.equal(await readText(publisher, "a"), "1.0.0 a1");
});

test("a commit whose answer was lost is found to be there", async ({ openOn, store, publisher }) => {
  await publishTexts(publisher, { a: "a1" });
  const deaf: Store = {
    ...store,
    put: async (key, body, condition) => {
      const result = await store.put(key, body, condition);
      return result.kind === "written" ? { kind: "unknown", cause: "no answer" } : result;
    },
  };
  assert.deepEqual(versionsOf(await publishTexts(openOn(deaf), { a: "a2" })), { a: "1.1.0" });
});

test("servers that ignore conditions are refused, every time, and nothing is committed", async ({ openOn }) => {
  for (const ignored of ["create", "match"]) {
    const objects: Objects = new Map();
    const store = openMemoryStore(objects);
    const careless: Store = {
      ...store,
      put(key, body, condition) {
        const there = objects.get(key);
        if (!(ignored in condition)) return store.put(key, body, condition);
        return store.put(key, body, there === undefined ? { create: true } : { match: tokenOf(there) });
      },
    };
    for (let time = 0; time < 2; time++) {
      await assert.rejects(openOn(careless).begin(WHO), isError("usage", "Refused this store"));
    }
    assert.deepEqual([...objects.keys()], [M]);
    const { seq, probed } = JSON.parse(new TextDecoder().decode(objects.get(M)?.bytes));
    assert.deepEqual({ seq, probed }, { seq: 0, probed: false });
  }
});

test("a store of another project is refused", async ({ openOn, store }) => {
  await publishTexts(openOn(store, "ours"), { a: "a" });
  await assert.rejects(openOn(store, "theirs").begin(WHO), isError("usage", '"ours"', '"theirs"'));
  await assert.rejects(openOn(store, "theirs").read(), isError("usage", '"ours"', '"theirs"'));
  await (await openOn(store, "ours").begin(WHO)).close();
  await (await openOn(store).begin(WHO)).close();
});

test("a broken M is an error that names it and the field", async ({ publisher, write, text }) => {
  await publishTexts(publisher, { a: "a" });
  const whole = JSON.parse(text(M));
  const broken: [unknown, string][] = [
    [text(M).slice(0, 40), "JSON"],
    [[], "M"],
    [{ ...whole, seq: -1 }, "seq"],
    [{ ...whole, seq: 1.5 }, "seq"],
    [{ ...whole, features: [] }, "features"],
    [{ ...whole, features: { a: { ...whole.features.a, version: "1.0" } } }, "features"],
    [{ ...whole, features: { a: { ...whole.features.a, seq: "1" } } }, "features"],
    [{ ...whole, top: { a: 1 } }, "top"],
    [{ ...whole, pending: [{}] }, "pending"],
    [{ ...whole, recent: [1] }, "recent"],
    [{ ...whole, surprise: 1 }, "surprise"],
    [{ ...whole, format: "1" }, "format"],
  ];
  for (const [content, word] of broken) {
    write(M, typeof content === "string" ? content : JSON.stringify(content));
    const says = word === "M" ? isError("failed", M) : isError("failed", M, word);
    await assert.rejects(publisher.read(), says, JSON.stringify(content));
  }
});

test("M of a newer format is refused, with what to do", async ({ publisher, write, text }) => {
  await publishTexts(publisher, { a: "a" });
  write(M, JSON.stringify({ format: 2, other: "shape" }));
  await assert.rejects(publisher.begin(WHO), isError("failed", M, "2"));
  assert.equal(JSON.parse(text(M)).format, 2);
});

test("a commit's record that was changed or removed stops the next run", async ({ openOn, store, publisher, write, objects }) => {
  await publishTexts(publisher, { a: "a1" });
  const dying: Store = {
    ...store,
    put: (key, body, condition) =>
      key.endsWith(".meta.json")
        ? Promise.reject(new MlforgeError("failed", "The network failed"))
        : store.put(key, body, condition),
  };
  await publishTexts(openOn(dying), { a: "a2" });
  const [pending] = JSON.parse(new TextDecoder().decode(objects.get(M)?.bytes)).pending;
  const key = `_mlforge/tx/${pending.record}.json`;
  write(key, "{}");
  await assert.rejects(publisher.begin(WHO), isError("failed", key, "changed"));
  objects.delete(key);
  await assert.rejects(publisher.begin(WHO), isError("failed", key, "gone"));
});

test("a feature twice in one batch, and metadata that does not fit its entry, are refused", async ({ publisher }) => {
  const batch = await publisher.begin(WHO);
  const entry = await stageText(publisher, batch, "a", "a1");
  await assert.rejects(batch.publish([entry, entry]), /twice/);
  await assert.rejects(batch.publish([{ ...entry, version: "2.0.0" }]), /does not fit/);
  await batch.close();
  assert.equal((await publisher.read()).features.size, 0);
});
