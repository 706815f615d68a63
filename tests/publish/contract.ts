import assert from "node:assert/strict";
import { MlforgeError } from "../../src/error.ts";
import type { KeepPolicy } from "../../src/publish/keep.ts";
import type { Publisher } from "../../src/publish/publisher.ts";
import {
  ALL_OLD,
  buildTexts,
  dataText,
  publishedSnapshot,
  publishTexts,
  readText,
  SCHEMA_HASH,
  sha256,
  stageText,
  versionsOf,
  WHO,
} from "./sample_batch.ts";

export * from "./sample_batch.ts";

/** One store under test: `open` gives a publisher on it as another process would have it. */
export interface StoreUnderTest {
  open(): Promise<Publisher>;
  dispose(): Promise<void>;
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** The promises of Publisher, checked on one kind of store. Called once at the top of a test file. */
export function testPublisher(name: string, make: () => Promise<StoreUnderTest>): void {
  function test(says: string, body: (store: StoreUnderTest) => Promise<void>): void {
    Deno.test(`${name}: ${says}`, async () => {
      const store = await make();
      try {
        await body(store);
      } finally {
        await store.dispose();
      }
    });
  }

  test("an empty store has no features", async (store) => {
    const publisher = await store.open();
    const snapshot = await publisher.read();
    assert.equal(snapshot.features.size, 0);
    assert.equal(snapshot.top.size, 0);
    assert.equal(await publisher.metadata("clicks", "1.0.0"), undefined);
    assert.equal(await publisher.dataPath("clicks", "1.0.0"), undefined);
    assert.deepEqual(await publisher.versions("clicks"), []);
  });

  test("a batch becomes visible as a whole, with data and metadata", async (store) => {
    const publisher = await store.open();
    const snapshot = await publishTexts(publisher, { clicks: "c1", visits: "v1" });
    assert.deepEqual(versionsOf(snapshot), { clicks: "1.0.0", visits: "1.0.0" });
    const other = await store.open();
    const seen = await other.read();
    assert.deepEqual(versionsOf(seen), { clicks: "1.0.0", visits: "1.0.0" });
    assert.equal(await readText(other, "clicks"), "1.0.0 c1");
    assert.equal(await readText(other, "visits"), "1.0.0 v1");
    const meta = await other.metadata("clicks", "1.0.0");
    assert.equal(meta?.version, "1.0.0");
    assert.equal(meta?.content_hash, sha256("c1"));
    const published = seen.features.get("clicks");
    assert.equal(published?.content_hash, sha256("c1"));
    assert.equal(published?.config_hash, sha256("config"));
    assert.equal(published?.schema_hash, SCHEMA_HASH);
    assert.equal(published?.source_hash, sha256("source"));
    assert.equal(published?.tx, meta?.mlforge.tx);
  });

  test("metadata comes back as it was published", async (store) => {
    const publisher = await store.open();
    const batch = await publisher.begin(WHO);
    const entry = await stageText(publisher, batch, "clicks", "c1");
    entry.meta.description = 'a "quoted" description\nof two lines, with é';
    publishedSnapshot(await batch.publish([entry]));
    await batch.close();
    assert.deepEqual(await (await store.open()).metadata("clicks", "1.0.0"), entry.meta);
  });

  test("nothing is visible before publish, nor after a batch that ends without it", async (store) => {
    const publisher = await store.open();
    await publishTexts(publisher, { clicks: "c1" });
    const batch = await publisher.begin(WHO);
    await stageText(publisher, batch, "clicks", "c2");
    await stageText(publisher, batch, "visits", "v1");
    const other = await store.open();
    assert.deepEqual(versionsOf(await other.read()), { clicks: "1.0.0" });
    await batch.close();
    assert.deepEqual(versionsOf(await other.read()), { clicks: "1.0.0" });
    assert.deepEqual(await other.versions("clicks"), ["1.0.0"]);
    assert.deepEqual(await other.versions("visits"), []);
    assert.equal(await readText(other, "clicks"), "1.0.0 c1");
  });

  test("openData() streams a version's data", async (store) => {
    const publisher = await store.open();
    await publishTexts(publisher, { clicks: "c1" });
    const opened = await publisher.openData("clicks", "1.0.0") ?? assert.fail();
    assert.equal(opened.size, 2);
    assert.equal(await new Response(opened.body).text(), "c1");
    assert.equal(await publisher.openData("clicks", "2.0.0"), undefined);
  });

  test("versions() are those with metadata, ascending by number", async (store) => {
    const publisher = await store.open();
    for (let i = 0; i < 11; i++) await publishTexts(publisher, { clicks: `c${i}` });
    const expected = ["1.0.0", ...Array.from({ length: 10 }, (_, i) => `1.${i + 1}.0`)];
    assert.deepEqual(await publisher.versions("clicks"), expected);
    const snapshot = await publisher.read();
    assert.deepEqual(versionsOf(snapshot), { clicks: "1.10.0" });
    assert.equal(snapshot.top.get("clicks"), "1.10.0");
    assert.equal(await dataText(publisher, "clicks", "1.3.0"), "c3");
  });

  test("versionStates() says which versions' data is here", async (store) => {
    const publisher = await store.open();
    for (const text of ["c1", "c2"]) await publishTexts(publisher, { clicks: text });
    assert.deepEqual([...await publisher.versionStates("clicks")], [["1.0.0", "here"], ["1.1.0", "here"]]);
    assert.deepEqual([...await publisher.versionStates("visits")], []);
  });

  test("versions() of a feature are not those of one whose name starts alike", async (store) => {
    const publisher = await store.open();
    await publishTexts(publisher, { clicks: "c1", clicks_daily: "d1" });
    await publishTexts(publisher, { clicks_daily: "d2" });
    assert.deepEqual(await publisher.versions("clicks"), ["1.0.0"]);
  });

  test("a batch leaves the features it does not name alone", async (store) => {
    const publisher = await store.open();
    await publishTexts(publisher, { clicks: "c1", visits: "v1" });
    const snapshot = await publishTexts(publisher, { visits: "v2" });
    assert.deepEqual(versionsOf(snapshot), { clicks: "1.0.0", visits: "1.1.0" });
    assert.equal(await readText(publisher, "clicks"), "1.0.0 c1");
  });

  test("publish() of nothing publishes nothing", async (store) => {
    const publisher = await store.open();
    await publishTexts(publisher, { clicks: "c1" });
    const batch = await publisher.begin(WHO);
    assert.deepEqual(versionsOf(publishedSnapshot(await batch.publish([]))), { clicks: "1.0.0" });
    await batch.close();
  });

  test("restore() puts back only the bytes that metadata names, and only where they are not", async (store) => {
    const publisher = await store.open();
    await publishTexts(publisher, { clicks: "c1" });
    const batch = await publisher.begin(WHO);
    const file = `${batch.folder}/again.parquet`;
    const data = (text: string) => ({ feature: "clicks", version: "1.0.0", file, contentHash: sha256(text) });
    for (const text of ["c1", "c2"]) {
      await Deno.writeTextFile(file, text);
      assert.equal(await batch.restore(data(text)), false);
    }
    await batch.close();
    assert.equal(await readText(publisher, "clicks"), "1.0.0 c1");
  });

  test("dataState() tells published data from none, also by every byte", async (store) => {
    const publisher = await store.open();
    await publishTexts(publisher, { clicks: "c1" });
    const data = (version: string) => ({ feature: "clicks", version, contentHash: sha256("c1") });
    for (const thorough of [false, true]) {
      assert.equal(await publisher.dataState(data("1.0.0"), { thorough }), "here");
      assert.equal(await publisher.dataState(data("2.0.0"), { thorough }), "absent");
      const other = { ...data("1.0.0"), contentHash: sha256("c2") };
      assert.equal(await publisher.dataState(other, { thorough }), "other");
    }
  });

  test("move() publishes older versions together, and numbers go on from the top", async (store) => {
    const publisher = await store.open();
    for (const round of [1, 2, 3]) {
      await publishTexts(publisher, { clicks: `c${round}`, visits: `v${round}` });
    }
    const moves = [{ feature: "clicks", version: "1.0.0" }, { feature: "visits", version: "1.1.0" }];
    const snapshot = await publisher.move(moves, WHO);
    assert.deepEqual(versionsOf(snapshot), { clicks: "1.0.0", visits: "1.1.0" });
    const other = await store.open();
    assert.deepEqual(versionsOf(await other.read()), { clicks: "1.0.0", visits: "1.1.0" });
    assert.equal(await readText(other, "clicks"), "1.0.0 c1");
    assert.deepEqual(versionsOf(await publisher.move(moves, WHO)), versionsOf(snapshot));
    const next = await publishTexts(publisher, { clicks: "c4" });
    assert.deepEqual(versionsOf(next), { clicks: "1.3.0", visits: "1.1.0" });
  });

  test("move() to no version retires a feature, and to one takes it back; a build starts above all", async (store) => {
    const publisher = await store.open();
    await publishTexts(publisher, { clicks: "c1", visits: "v1" });
    await publishTexts(publisher, { clicks: "c2" });
    const retired = await publisher.move([{ feature: "clicks", version: null }], WHO);
    assert.deepEqual(versionsOf(retired), { visits: "1.0.0" });
    const other = await store.open();
    assert.deepEqual(versionsOf(await other.read()), { visits: "1.0.0" });
    assert.deepEqual(await other.versions("clicks"), ["1.0.0", "1.1.0"]);
    assert.equal(await dataText(other, "clicks", "1.1.0"), "c2");
    const back = await other.move([{ feature: "clicks", version: "1.1.0" }], WHO);
    assert.deepEqual(versionsOf(back), { clicks: "1.1.0", visits: "1.0.0" });
    await publisher.move([{ feature: "clicks", version: null }], WHO);
    const built = await publishTexts(await store.open(), { clicks: "c3" });
    assert.deepEqual(versionsOf(built), { clicks: "2.0.0", visits: "1.0.0" });
    assert.equal(await readText(publisher, "clicks"), "2.0.0 c3");
  });

  test("move() refuses all where one version was never published", async (store) => {
    const publisher = await store.open();
    for (const text of ["c1", "c2"]) await publishTexts(publisher, { clicks: text });
    for (const target of [{ feature: "clicks", version: "1.2.0" }, { feature: "visits", version: "1.0.0" }]) {
      await assert.rejects(
        publisher.move([{ feature: "clicks", version: "1.0.0" }, target], WHO),
        (error) =>
          error instanceof MlforgeError && error.code === "usage" && error.message.includes(target.feature),
      );
    }
    assert.deepEqual(versionsOf(await publisher.read()), { clicks: "1.1.0" });
  });

  test("a build that was planned before a move is lost", async (store) => {
    const publisher = await store.open();
    for (const text of ["c1", "c2"]) await publishTexts(publisher, { clicks: text });
    for (const version of ["1.0.0", null]) {
      const batch = await publisher.begin(WHO);
      const entry = await stageText(publisher, batch, "clicks", "c3");
      await (await store.open()).move([{ feature: "clicks", version }], WHO);
      assert.equal((await batch.publish([entry])).kind, "lost");
      await batch.close();
    }
  });

  test("collect() keeps the newest versions, what is published, and what is young", async (store) => {
    const publisher = await store.open();
    for (const round of [1, 2, 3, 4]) await publishTexts(publisher, { clicks: `c${round}` });
    await publisher.move([{ feature: "clicks", version: "1.1.0" }], WHO);
    const collected = async (policy: KeepPolicy) =>
      (await publisher.collect(policy, WHO)).versions.map(({ version, why }) => `${version} ${why}`);
    const { grace } = ALL_OLD;
    assert.deepEqual(await collected({ grace }), []);
    assert.deepEqual(await collected({ keep: 1, grace: new Date("2025-06-01") }), []);
    assert.deepEqual(await collected({ keep: 1, before: new Date("2025-06-01"), grace }), []);
    assert.deepEqual(await collected({ keep: 4, grace }), []);
    assert.deepEqual((await publisher.wouldCollect({ keep: 1, grace })).versions.length, 2);
    assert.deepEqual(await collected({ keep: 1, grace }), ["1.0.0 old", "1.2.0 old"]);
    assert.deepEqual(await collected({ keep: 1, grace }), []);
    assert.equal(await readText(publisher, "clicks"), "1.1.0 c2");
    assert.equal(await dataText(publisher, "clicks", "1.3.0"), "c4");
    assert.deepEqual(versionsOf(await publishTexts(publisher, { clicks: "c5" })), { clicks: "1.4.0" });
  });

  test("collect() by age alone leaves what is published", async (store) => {
    const publisher = await store.open();
    for (const round of [1, 2, 3]) await publishTexts(publisher, { clicks: `c${round}` });
    const before = new Date("2026-05-01");
    const { versions } = await publisher.collect({ before, grace: before }, WHO);
    assert.deepEqual(versions.map(({ version }) => version), ["1.0.0", "1.1.0"]);
    assert.equal(await readText(publisher, "clicks"), "1.2.0 c3");
  });

  test("log() tells each build with what it published, newest first", async (store) => {
    const publisher = await store.open();
    assert.deepEqual(await Array.fromAsync(publisher.log()), []);
    const first = await publishTexts(publisher, { clicks: "c1", visits: "v1" });
    const second = await publishTexts(publisher, { visits: "v2" });
    const entries = (await Array.fromAsync(publisher.log())).toSorted((a, b) => a.tx < b.tx ? 1 : -1);
    assert.deepEqual(
      entries.map(({ tx, tool, kind }) => [tx, tool, kind]),
      [
        [second.features.get("visits")?.tx, WHO.tool, "build"],
        [first.features.get("visits")?.tx, WHO.tool, "build"],
      ].toSorted(([a = ""], [b = ""]) => a < b ? 1 : -1),
    );
    const features = entries.map((entry) =>
      entry.features.map(({ feature, to }) => `${feature} ${to}`).join()
    );
    assert.deepEqual(features.toSorted(), ["clicks 1.0.0,visits 1.0.0", "visits 1.1.0"]);
  });

  test("the same data may be published again under another version", async (store) => {
    const publisher = await store.open();
    await publishTexts(publisher, { clicks: "same" });
    await publishTexts(publisher, { clicks: "same" });
    assert.equal(await readText(publisher, "clicks"), "1.1.0 same");
    assert.equal(await dataText(publisher, "clicks", "1.0.0"), "same");
  });

  test("a requested version is taken, and refused where it is not above the top", async (store) => {
    const publisher = await store.open();
    await publishTexts(publisher, { clicks: "c1" });
    const batch = await publisher.begin(WHO);
    const entry = await stageText(publisher, batch, "clicks", "c2", { requested: "4.0.0" });
    assert.equal(entry.version, "4.0.0");
    publishedSnapshot(await batch.publish([entry]));
    await batch.close();
    const late = await publisher.begin(WHO);
    for (const requested of ["4.0.0", "2.0.0", "four"]) {
      await assert.rejects(
        stageText(publisher, late, "clicks", "c3", { requested }),
        (error) =>
          error instanceof MlforgeError && error.code === "usage" && error.message.includes(requested),
      );
    }
    await late.close();
    assert.equal(await readText(publisher, "clicks"), "4.0.0 c2");
  });

  test("of two builds of one feature the second one is lost, and succeeds after planning again", async (store) => {
    const one = await store.open();
    const two = await store.open();
    const first = await one.begin(WHO);
    const second = await two.begin(WHO);
    const mine = await stageText(one, first, "clicks", "by one");
    const theirs = await stageText(two, second, "clicks", "by two");
    publishedSnapshot(await first.publish([mine]));
    const outcome = await second.publish([theirs]);
    assert.equal(outcome.kind, "lost");
    assert.deepEqual(outcome.kind === "lost" && outcome.features, ["clicks"]);
    assert.deepEqual(versionsOf(outcome.snapshot), { clicks: "1.0.0" });
    assert.equal(await readText(one, "clicks"), "1.0.0 by one");
    const again = await stageText(two, second, "clicks", "by two", { on: outcome.snapshot });
    publishedSnapshot(await second.publish([again]));
    await first.close();
    await second.close();
    assert.equal(await readText(one, "clicks"), "1.1.0 by two");
    assert.equal(await dataText(one, "clicks", "1.0.0"), "by one");
  });

  test("begin() starts from the moment that read() gave, and nothing published since is lost", async (store) => {
    const publisher = await store.open();
    await publishTexts(publisher, { clicks: "c1" });
    const seen = await publisher.read();
    await publishTexts(await store.open(), { clicks: "faster" });
    const batch = await publisher.begin(WHO, { from: seen });
    let outcome;
    for (let on = batch.base; outcome?.kind !== "published"; on = outcome.snapshot) {
      outcome = await batch.publish([await stageText(publisher, batch, "clicks", "c2", { on })]);
    }
    await batch.close();
    assert.equal(await readText(publisher, "clicks"), "1.2.0 c2");
    assert.equal(await dataText(publisher, "clicks", "1.1.0"), "faster");
  });

  test("a lost batch shows nothing, and keeps what is staged of its other features", async (store) => {
    const publisher = await store.open();
    const batch = await publisher.begin(WHO);
    const clicks = await stageText(publisher, batch, "clicks", "c1");
    const visits = await stageText(publisher, batch, "visits", "v1");
    await publishTexts(await store.open(), { clicks: "faster" });
    const outcome = await batch.publish([clicks, visits]);
    assert.deepEqual(outcome.kind === "lost" && outcome.features, ["clicks"]);
    assert.deepEqual([...(await publisher.read()).features.keys()], ["clicks"]);
    assert.match(await readText(publisher, "clicks") ?? "", /faster$/);
    assert.deepEqual(await publisher.versions("visits"), []);
    const again = await stageText(publisher, batch, "clicks", "c1", { on: outcome.snapshot });
    publishedSnapshot(await batch.publish([again, visits]));
    await batch.close();
    assert.equal(await readText(publisher, "clicks"), "1.1.0 c1");
    assert.equal(await readText(publisher, "visits"), "1.0.0 v1");
  });

  test("two builds of different features both succeed", async (store) => {
    const one = await store.open();
    const two = await store.open();
    const first = await one.begin(WHO);
    const second = await two.begin(WHO);
    const clicks = await stageText(one, first, "clicks", "c1");
    const visits = await stageText(two, second, "visits", "v1");
    publishedSnapshot(await first.publish([clicks]));
    const snapshot = publishedSnapshot(await second.publish([visits]));
    await first.close();
    await second.close();
    assert.deepEqual(versionsOf(snapshot), { clicks: "1.0.0", visits: "1.0.0" });
  });

  test("builders that race for one feature all get their turn, each with its own data", async (store) => {
    const builders = 5;
    const build = async (text: string) => {
      const texts = { clicks: `${text} clicks`, visits: `${text} visits` };
      publishedSnapshot(await buildTexts(await store.open(), texts, { rounds: builders * 4 }));
    };
    await Promise.all(Array.from({ length: builders }, (_, i) => build(`builder ${i}`)));
    const reader = await store.open();
    const versions = await reader.versions("clicks");
    assert.equal(versions.length, builders);
    const texts = await Promise.all(versions.map((v) => dataText(reader, "clicks", v)));
    assert.deepEqual(texts.toSorted(), Array.from({ length: builders }, (_, i) => `builder ${i} clicks`));
    const [clicks, visits] = [await readText(reader, "clicks"), await readText(reader, "visits")];
    assert.equal(clicks?.split(" ")[2], visits?.split(" ")[2], "the newest of both are by one builder");
  });

  test("a batch's folder is its own, and gone after close(), which may be called again", async (store) => {
    const publisher = await store.open();
    const one = await publisher.begin(WHO);
    const two = await publisher.begin(WHO);
    assert.notEqual(one.folder, two.folder);
    assert.notEqual(one.tx, two.tx);
    const clicks = await stageText(publisher, one, "clicks", "c1");
    await stageText(publisher, two, "visits", "v1");
    publishedSnapshot(await one.publish([clicks]));
    for (const batch of [one, two, one, two]) await batch.close();
    assert.equal(await isThere(one.folder), false);
    assert.equal(await isThere(two.folder), false);
    assert.equal(await readText(publisher, "clicks"), "1.0.0 c1");
  });

  test("names that could leave the store are refused", async (store) => {
    const publisher = await store.open();
    for (const feature of ["../clicks", "a/../../b", "", "."]) {
      await assert.rejects(publisher.versions(feature), MlforgeError);
      await assert.rejects(publisher.metadata(feature, "1.0.0"), MlforgeError);
      await assert.rejects(publisher.metadata("clicks", feature), MlforgeError);
      await assert.rejects(publisher.dataPath(feature, "1.0.0"), MlforgeError);
    }
  });
}
