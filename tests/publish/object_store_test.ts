import assert from "node:assert/strict";
import { stableJson } from "../../src/publish/meta.ts";
import { testPublisher } from "./contract.ts";
import { openCountingStore } from "./counting_store.ts";
import { openMemoryStore } from "./memory_store.ts";
import { isError, M, openOnStore, test } from "./object_bench.ts";
import {
  ALL_OLD,
  publishedSnapshot,
  publishTexts,
  readText,
  sampleMeta,
  stageText,
  UNCOMMITTED,
  versionsOf,
  WHO,
} from "./sample_batch.ts";

testPublisher("object store", async () => {
  const cacheFolder = await Deno.makeTempDir();
  const store = openMemoryStore();
  return {
    open: () => Promise.resolve(openOnStore(store, cacheFolder)),
    dispose: () => Deno.remove(cacheFolder, { recursive: true }),
  };
});

test("a batch of N features costs 3N + 4 requests, first versions and next ones", async ({ openOn, store }) => {
  const names = ["a", "b", "c", "d", "e"];
  const texts = (round: number) => Object.fromEntries(names.map((name) => [name, `${name}${round}`]));
  await publishTexts(openOn(store), { other: "o" });
  for (const round of [1, 2, 3]) {
    const counting = openCountingStore(store);
    await publishTexts(openOn(counting.store), texts(round));
    assert.equal(counting.requests.length, 3 * names.length + 4, counting.requests.join("\n"));
  }
});

test("a batch that starts from a look costs no look of its own", async ({ openOn, store, publisher }) => {
  await publishTexts(publisher, { a: "a1" });
  const counting = openCountingStore(store);
  const builder = openOn(counting.store);
  const seen = await builder.read();
  const batch = await builder.begin(WHO, { from: seen });
  assert.equal(batch.base, seen);
  publishedSnapshot(await batch.publish([await stageText(builder, batch, "a", "a2")]));
  await batch.close();
  assert.equal(counting.requests.length, 3 + 4, counting.requests.join("\n"));
});

test("the first batch of a store costs five requests more: the list of pointers, M, and its proof", async ({ openOn, store }) => {
  const counting = openCountingStore(store);
  const builder = openOn(counting.store);
  const batch = await builder.begin(WHO, { from: await builder.read() });
  publishedSnapshot(await batch.publish([await stageText(builder, batch, "a", "a1")]));
  await batch.close();
  assert.equal(counting.requests.length, 3 + 4 + 5, counting.requests.join("\n"));
});

test("begin() removes the folders that killed builds of this user left, and no others", async ({ publisher }) => {
  const batches = await Promise.all([publisher.begin(WHO), publisher.begin(WHO)]);
  const [dead, living] = batches.map(({ folder }) => folder);
  const owner = JSON.parse(await Deno.readTextFile(`${dead}/owner.json`));
  await Deno.writeTextFile(`${dead}/owner.json`, JSON.stringify({ ...owner, started: "before" }));
  await Deno.writeTextFile(`${dead}/data.parquet`, "left");
  const batch = await publisher.begin(WHO);
  const there = (folder = "") => Deno.stat(folder).then(() => true, () => false);
  assert.deepEqual([await there(dead), await there(living)], [false, true]);
  for (const each of [...batches, batch]) await each.close();
});

test("metadata is read once, and data from the cache without a look at the store", async ({ openOn, store, publisher }) => {
  await publishTexts(publisher, { a: "a1" });
  await publisher.dataPath("a", "1.0.0");
  const counting = openCountingStore(store);
  const reader = openOn(counting.store);
  await reader.metadata("a", "1.0.0");
  await reader.dataPath("a", "1.0.0");
  await reader.metadata("a", "1.0.0");
  assert.deepEqual(counting.requests, ["get a/1.0.0/.meta.json"]);
});

test("a look at all features is one request", async ({ openOn, store, publisher }) => {
  await publishTexts(publisher, { a: "a", b: "b", c: "c" });
  const counting = openCountingStore(store);
  assert.equal((await openOn(counting.store).read()).features.size, 3);
  assert.deepEqual(counting.requests, [`get ${M}`]);
});

test("a build that finds nothing to do costs one request, and writes nothing", async ({ openOn, store, publisher }) => {
  await publishTexts(publisher, { a: "a" });
  const counting = openCountingStore(store);
  const batch = await openOn(counting.store).begin(WHO);
  publishedSnapshot(await batch.publish([]));
  await batch.close();
  assert.deepEqual(counting.requests, [`get ${M}`]);
});

test("a feature may be called constructor", async ({ publisher }) => {
  await publishTexts(publisher, { constructor: "c1" });
  await publishTexts(publisher, { constructor: "c2" });
  assert.equal(await readText(publisher, "constructor"), "1.1.0 c2");
});

test("pointers say version, commit and transaction", async ({ publisher, text }) => {
  const snapshot = await publishTexts(publisher, { a: "a" });
  const { version, seq, tx } = snapshot.features.get("a") ?? assert.fail();
  assert.equal(text("a/_latest.json"), stableJson({ version, seq, tx }));
});

test("data of a dead build is used where it is the same, and left alone where it is not", async ({ publisher }) => {
  const dead = await publisher.begin(WHO);
  await stageText(publisher, dead, "a", "same");
  await stageText(publisher, dead, "b", "other");
  await dead.close();
  const snapshot = await publishTexts(publisher, { a: "same", b: "mine" });
  assert.deepEqual(versionsOf(snapshot), { a: "1.0.0", b: "1.0.1" });
});

test("a requested version that other data holds is refused", async ({ publisher }) => {
  const batch = await publisher.begin(WHO);
  await stageText(publisher, batch, "a", "one", { requested: "2.0.0" });
  await assert.rejects(
    stageText(publisher, batch, "a", "two", { requested: "2.0.0" }),
    isError("usage", "2.0.0", "a"),
  );
  await batch.close();
});

test("features that another tool published are taken over", async ({ publisher, write, text }) => {
  const { mlforge: _, ...python } = sampleMeta("", "a", "1.2.0", "old", "first");
  write("a/1.10.0/.meta.json", stableJson({ ...python, version: "1.10.0" }));
  write("a/1.2.0/.meta.json", stableJson(python));
  write("a/1.2.0/data.parquet", "old");
  write("a/_latest.json", '{"version": "1.2.0"}');
  const before = await publisher.read();
  assert.deepEqual(versionsOf(before), { a: "1.2.0" });
  assert.equal(before.top.get("a"), "1.10.0");
  const snapshot = await publishTexts(publisher, { a: "new" });
  assert.deepEqual(versionsOf(snapshot), { a: "1.11.0" });
  assert.equal(JSON.parse(text("a/_latest.json")).version, "1.11.0");
});

test("of a retired feature a pointer stays that names no version, and a rollback matches it", async ({ publisher, text }) => {
  await publishTexts(publisher, { a: "a1" });
  const { tx = "" } = (await publisher.read()).features.get("a") ?? {};
  await publisher.move([{ feature: "a", version: null }], WHO);
  const { version, seq, retired, tx: other } = JSON.parse(text("a/_latest.json"));
  assert.deepEqual({ version, seq, retired }, { version: null, seq: 2, retired: true });
  assert.notEqual(other, tx);
  await publisher.move([{ feature: "a", version: "1.0.0" }], WHO);
  assert.equal(JSON.parse(text("a/_latest.json")).version, "1.0.0");
});

test("a store whose M is gone is taken over without what was retired", async ({ publisher, objects }) => {
  await publishTexts(publisher, { a: "a1", b: "b1" });
  await publisher.move([{ feature: "a", version: null }], WHO);
  objects.delete(M);
  assert.deepEqual(versionsOf(await publisher.read()), { b: "1.0.0" });
  assert.deepEqual(versionsOf(await publishTexts(publisher, { a: "a2" })), { a: "2.0.0", b: "1.0.0" });
});

test("a move of N features costs 3N + 4 requests; a look at n commits n + 2", async ({ openOn, store, publisher }) => {
  for (const round of [1, 2]) await publishTexts(publisher, { a: `a${round}`, b: `b${round}` });
  const counting = openCountingStore(store);
  const moves = ["a", "b"].map((feature) => ({ feature, version: "1.0.0" }));
  await openOn(counting.store).move(moves, WHO);
  // M, metadata and data of each, the record, M, each pointer, M.
  assert.equal(counting.requests.length, 3 * moves.length + 4, counting.requests.join("\n"));
  counting.requests.length = 0;
  assert.equal((await Array.fromAsync(openOn(counting.store).log())).length, 3);
  assert.equal(counting.requests.length, 3 + 2, counting.requests.join("\n"));
});

test("log() tells a transaction's last round, and nothing that was never committed", async ({ publisher }) => {
  const first = await publisher.begin(WHO);
  const lost = await stageText(publisher, first, "a", "mine");
  await publishTexts(publisher, { a: "theirs" });
  const outcome = await first.publish([lost]);
  assert.equal(outcome.kind, "lost");
  const [once, ...rest] = await Array.fromAsync(publisher.log());
  assert.deepEqual([once?.features, rest], [[{ feature: "a", to: "1.0.1" }], []]);
  const again = await stageText(publisher, first, "a", "mine", { on: outcome.snapshot });
  publishedSnapshot(await first.publish([again]));
  await first.close();
  const entries = await Array.fromAsync(publisher.log());
  assert.deepEqual(entries.map(({ tx, features }) => [tx === first.tx, ...features]), [
    [true, { feature: "a", from: "1.0.1", to: "1.1.0" }],
    [false, { feature: "a", to: "1.0.1" }],
  ]);
});

test("move() to what was only staged is refused", async ({ publisher }) => {
  await publishTexts(publisher, { a: "a1" });
  const batch = await publisher.begin(WHO);
  await stageText(publisher, batch, "a", "a2");
  const staged = { feature: "a", version: "1.1.0" };
  await assert.rejects(publisher.move([staged], WHO), isError("usage", "a", "1.1.0"));
  await batch.close();
});

test("collect() removes what no commit names, and nothing else", async ({ publisher, objects }) => {
  await publishTexts(publisher, { a: "a1" });
  await publishTexts(publisher, { a: "a2" });
  const batch = await publisher.begin(WHO);
  const entry = await stageText(publisher, batch, "a", "a3");
  const garbage = { versions: [{ feature: "a", version: "1.2.0", why: "uncommitted", bytes: 2 }] };
  assert.deepEqual(await publisher.wouldCollect(UNCOMMITTED), garbage);
  assert.deepEqual(await publisher.collect(UNCOMMITTED, WHO), garbage);
  assert.deepEqual([...objects.keys()].filter((k) => k.endsWith("data.parquet")).sort(), [
    "a/1.0.0/data.parquet",
    "a/1.1.0/data.parquet",
  ]);
  assert.deepEqual(await publisher.collect(UNCOMMITTED, WHO), { versions: [] });
  // The living build whose data it was plans that feature again, above the withdrawn number.
  const lost = await batch.publish([entry]);
  assert.deepEqual(lost.kind === "lost" && lost.features, ["a"]);
  const again = await stageText(publisher, batch, "a", "a3", { on: lost.snapshot });
  assert.deepEqual(versionsOf(publishedSnapshot(await batch.publish([again]))), { a: "1.3.0" });
  await batch.close();
});

test("collect() of old versions removes data and metadata, whose numbers and rollbacks are gone for good", async ({ openOn, store, publisher, objects }) => {
  for (const round of [1, 2, 3]) await publishTexts(publisher, { a: `a${round}`, b: `b${round}` });
  await publisher.move([{ feature: "b", version: null }], WHO);
  const counting = openCountingStore(store);
  const { versions } = await openOn(counting.store).collect(ALL_OLD, WHO);
  assert.deepEqual(versions.map(({ feature, version, why }) => `${feature}@${version} ${why}`), [
    "a@1.0.0 old",
    "a@1.1.0 old",
    "b@1.0.0 old",
    "b@1.1.0 old",
    "b@1.2.0 old",
  ]);
  // M, the listing, M; for each feature its pointer; for each version its age, and both deletions.
  assert.equal(counting.requests.length, 3 + 2 + 3 * versions.length, counting.requests.join("\n"));
  assert.deepEqual([...objects.keys()].filter((key) => !key.startsWith("_mlforge/")).sort(), [
    "a/1.2.0/.meta.json",
    "a/1.2.0/data.parquet",
    "a/_latest.json",
    "b/_latest.json",
  ]);
  assert.deepEqual((await publisher.verify({ thorough: true })).findings, []);
  for (const target of [{ feature: "a", version: "1.0.0" }, { feature: "b", version: "1.2.0" }]) {
    await assert.rejects(publisher.move([target], WHO), isError("usage", target.feature));
  }
  assert.deepEqual(versionsOf(await publishTexts(publisher, { b: "b4" })), { a: "1.2.0", b: "2.0.0" });
});

test("a rollback that was planned before a collector's look is lost", async ({ openOn, store, publisher }) => {
  for (const round of [1, 2]) await publishTexts(publisher, { a: `a${round}` });
  // Between the rollback's look at the version and its commit the collector comes by.
  let collected = false;
  const slow = openOn({
    ...store,
    async put(key, body, condition) {
      if (key.startsWith("_mlforge/tx/") && !collected) {
        collected = true;
        await publisher.collect(ALL_OLD, WHO);
      }
      return await store.put(key, body, condition);
    },
  });
  await assert.rejects(slow.move([{ feature: "a", version: "1.0.0" }], WHO), isError("lost", "a"));
  assert.equal(await readText(publisher, "a"), "1.1.0 a2");
});

test("a collector that dies half-way is gone on with by the next one, whatever that keeps", async ({ openOn, store, publisher, objects }) => {
  for (const round of [1, 2]) await publishTexts(publisher, { a: `a${round}` });
  const dying = openOn({
    ...store,
    delete: (key) => key.endsWith(".meta.json") ? Promise.reject(new Error("died")) : store.delete(key),
  });
  await assert.rejects(dying.collect(ALL_OLD, WHO), /died/);
  assert.ok(objects.has("a/1.0.0/.meta.json"));
  assert.match(
    (await publisher.verify()).findings.map(({ what }) => what).join(),
    /a collector began to delete it/,
  );
  await publisher.collect(UNCOMMITTED, WHO);
  assert.deepEqual((await publisher.verify()).findings, []);
});

test("collect() leaves a feature alone whose pointer something else moved", async ({ publisher, write }) => {
  for (const round of [1, 2]) await publishTexts(publisher, { a: `a${round}` });
  write("a/_latest.json", stableJson({ version: "1.0.0" }));
  assert.deepEqual(await publisher.collect(ALL_OLD, WHO), { versions: [] });
});

test("dataPath() downloads once, and refuses bytes that are not those published", async ({ openOn, store, publisher, write }) => {
  await publishTexts(publisher, { a: "a1", b: "b1" });
  const counting = openCountingStore(store);
  const reader = openOn(counting.store);
  const path = await reader.dataPath("a", "1.0.0");
  assert.equal(await Deno.readTextFile(path ?? ""), "a1");
  assert.equal(await reader.dataPath("a", "1.0.0"), path);
  assert.equal(counting.requests.filter((r) => r === "get a/1.0.0/data.parquet").length, 1);
  write("b/1.0.0/data.parquet", "changed");
  await assert.rejects(reader.dataPath("b", "1.0.0"), isError("failed", "b", "1.0.0"));
});
