import assert from "node:assert/strict";
import { MlforgeError } from "../../src/error.ts";
import { stableJson } from "../../src/publish/meta.ts";
import type { Publisher } from "../../src/publish/publisher.ts";
import type { Finding } from "../../src/publish/verify.ts";
import type { Store } from "../../src/stores/store.ts";
import { openCountingStore } from "./counting_store.ts";
import { type Bench, M, test } from "./object_bench.ts";
import { publishTexts, readText, versionsOf, WHO } from "./sample_batch.ts";

const brief = (findings: readonly Finding[]) => findings.map(({ kind, where }) => `${kind} ${where}`);

/** Two versions of a and one of b. */
async function publishSample(publisher: Publisher): Promise<void> {
  await publishTexts(publisher, { a: "a1", b: "b1" });
  await publishTexts(publisher, { a: "a2" });
}

test("verify() finds nothing in a whole store, by 3N + 2 requests", async ({ openOn, store, publisher }) => {
  await publishSample(publisher);
  const counting = openCountingStore(store);
  const { findings, versions } = await openOn(counting.store).verify();
  assert.deepEqual(findings, []);
  assert.deepEqual(versions.map(({ feature, version, state }) => `${feature} ${version} ${state}`), [
    "a 1.1.0 here",
    "b 1.0.0 here",
  ]);
  assert.equal(counting.requests.length, 3 * 2 + 2, counting.requests.join("\n"));
  const thorough = await publisher.verify({ thorough: true });
  assert.deepEqual([thorough.findings, thorough.versions.length], [[], 3]);
  await publisher.move([{ feature: "a", version: null }], WHO);
  assert.deepEqual((await publisher.verify({ thorough: true })).findings, []);
});

for (const key of [M, "a/_latest.json", "a/1.1.0/.meta.json"]) {
  test(`verify() calls no damage what it may not read: ${key}`, async ({ openOn, store, publisher }) => {
    await publishSample(publisher);
    const denied = new MlforgeError("failed", "Access is denied");
    const get: Store["get"] = (one, options) =>
      one === key ? Promise.reject(denied) : store.get(one, options);
    await assert.rejects(openOn({ ...store, get }).verify(), denied);
  });
}

interface Damage {
  what: string;
  make(bench: Bench): void;
  found: [string, RegExp];
  thorough?: boolean;
  mends?: boolean;
}

const edit = ({ text, write }: Bench, key: string, change: (text: string) => string) =>
  write(key, change(text(key)));
const META = "a/1.1.0/.meta.json";
const DATA = "a/1.1.0/data.parquet";
const POINTER = "a/_latest.json";

const DAMAGES: Damage[] = [
  {
    what: "data whose bytes are not those that its head tells",
    make: ({ objects }) =>
      objects.set(DATA, { ...objects.get(DATA)!, bytes: new TextEncoder().encode("aX") }),
    found: [`damage ${DATA}`, /not those published/],
    thorough: true,
  },
  {
    what: "data of another hash",
    make: ({ write }) => write(DATA, "aX"),
    found: [`damage ${DATA}`, /not those published.*mlforge sync puts it back/],
  },
  {
    what: "data that is cut short",
    make: ({ objects }) =>
      objects.set(DATA, { ...objects.get(DATA)!, bytes: new TextEncoder().encode("a"), size: 1 }),
    found: [`damage ${DATA}`, /it has 1 bytes, not 2/],
  },
  {
    what: "missing data of the published version",
    make: ({ objects }) => objects.delete(DATA),
    found: [`damage ${DATA}`, /missing.*mlforge sync --features a puts it back/],
  },
  {
    what: "missing data of an older version",
    make: ({ objects }) => objects.delete("a/1.0.0/data.parquet"),
    found: ["damage a/1.0.0/data.parquet", /--version 1\.0\.0/],
  },
  {
    what: "missing metadata of the published version",
    make: ({ objects }) => objects.delete(META),
    found: [`damage ${META}`, /missing.*--repair writes it again/],
    mends: true,
  },
  {
    what: "half-written metadata",
    make: (bench) => edit(bench, META, (text) => text.slice(0, 80)),
    found: [`damage ${META}`, /not whole JSON/],
  },
  {
    what: "metadata of a newer format",
    make: (bench) => edit(bench, META, (text) => text.replace('"format": 1', '"format": 2')),
    found: [`damage ${META}`, /newer than 1/],
  },
  {
    what: "metadata of another version in its place",
    make: (bench) => edit(bench, META, () => bench.text("a/1.0.0/.meta.json")),
    found: [`damage ${META}`, /it is of "a" 1\.0\.0/],
  },
  {
    what: "metadata that is not what was committed",
    make: (bench) =>
      edit(bench, META, (text) => text.replace(/"source_hash": "\w+"/, '"source_hash": "other"')),
    found: [`damage ${META}`, /source_hash is not the one that was committed/],
  },
  {
    what: "a schema that is not the one that was hashed",
    make: (bench) => edit(bench, META, (text) => text.replace('"dtype": "int64"', '"dtype": "utf8"')),
    found: [`damage ${META}`, /columns do not fit its schema_hash/],
  },
  {
    what: "a missing pointer",
    make: ({ objects }) => objects.delete(POINTER),
    found: [`damage ${POINTER}`, /missing; 1\.1\.0 is published.*--repair/],
    mends: true,
  },
  {
    what: "a pointer of an earlier commit",
    make: ({ text, write }) => {
      const { tx } = JSON.parse(text("b/_latest.json"));
      write(POINTER, stableJson({ version: "1.0.0", seq: 1, tx }));
    },
    found: [`damage ${POINTER}`, /it names 1\.0\.0; 1\.1\.0 is published/],
    mends: true,
  },
  {
    what: "a pointer that is no whole JSON",
    make: ({ write }) => write(POINTER, "{"),
    found: [`damage ${POINTER}`, /not whole JSON.*Delete it; then --repair/],
  },
  {
    what: "a pointer that something else moved",
    make: ({ write }) => write(POINTER, stableJson({ version: "1.0.0" })),
    found: [`damage ${POINTER}`, /something else.*1\.0\.0; 1\.1\.0 is published.*--adopt takes 1\.0\.0/],
  },
  {
    what: "a broken register",
    make: (bench) => edit(bench, M, (text) => text.slice(0, 50)),
    found: [`damage ${M}`, /not whole JSON.*restore/],
  },
  {
    what: "a register of a newer format",
    make: (bench) => edit(bench, M, (text) => text.replace('"format": 1', '"format": 2')),
    found: [`damage ${M}`, /newer than 1/],
  },
  {
    what: "a lost register",
    make: ({ objects }) => objects.delete(M),
    found: [`unfinished ${M}`, /pointers alone/],
  },
  {
    what: "data that no commit names",
    make: ({ write }) => write("a/1.2.0/data.parquet", "orphan"),
    found: ["leftover a/1.2.0/data.parquet", /mlforge gc removes it/],
  },
  {
    what: "a foreign object",
    make: ({ write }) => write("a/1.1.0/notes.txt", "mine"),
    found: ["leftover a/1.1.0/notes.txt", /nothing of mlforge's/],
  },
];

for (const { what, make, found: [where, words], thorough = false, mends = false } of DAMAGES) {
  test(`verify() finds ${what}${mends ? ", and mends it" : ""}`, async (bench) => {
    const { publisher } = bench;
    await publishSample(publisher);
    make(bench);
    const { findings } = await publisher.verify({ thorough });
    assert.deepEqual(brief(findings), [where]);
    const [finding] = findings;
    assert.match(`${finding?.what} ${finding?.hint}`, words);
    assert.equal(finding?.mendable, mends);
    if (thorough) assert.deepEqual((await publisher.verify()).findings, []);
    if (!mends) return;
    await publisher.mend(findings, WHO);
    assert.deepEqual((await publisher.verify()).findings, []);
    assert.deepEqual(versionsOf(await publishTexts(publisher, { a: "a3" })), { a: "1.2.0", b: "1.0.0" });
  });
}

test("verify() tells a commit that is not all in place, and mend() completes it", async ({ openOn, store, publisher }) => {
  await publishSample(publisher);
  const dying = openOn({
    ...store,
    put: (key, body, condition) =>
      key.endsWith("_latest.json") ? Promise.reject(new Error("died")) : store.put(key, body, condition),
  });
  await publishTexts(dying, { a: "a3" });
  const { findings } = await publisher.verify();
  assert.deepEqual(brief(findings), [`unfinished ${M}`]);
  await publisher.mend(findings, WHO);
  assert.deepEqual((await publisher.verify()).findings, []);
});

test("mend() with adopt takes a pointer that something else moved as published, by a commit", async ({ publisher, text, write }) => {
  await publishSample(publisher);
  write(POINTER, stableJson({ version: "1.0.0" }));
  await publisher.mend([], WHO, { adopt: true });
  assert.deepEqual((await publisher.verify()).findings, []);
  assert.deepEqual(versionsOf(await publisher.read()), { a: "1.0.0", b: "1.0.0" });
  assert.equal(JSON.parse(text(POINTER)).seq, 3);
  const [newest] = await Array.fromAsync(publisher.log());
  assert.deepEqual(newest?.features, [{ feature: "a", from: "1.1.0", to: "1.0.0" }]);
  assert.equal(await readText(publisher, "a"), "1.0.0 a1");
  assert.deepEqual(versionsOf(await publishTexts(publisher, { a: "a3" })), { a: "1.2.0", b: "1.0.0" });
});
