import assert from "node:assert/strict";
import { join } from "node:path";
import { sync, type SyncRequest } from "../../src/build/sync.ts";
import type { SyncReport } from "../../src/build/sync/report.ts";
import { MlforgeError } from "../../src/error.ts";
import { openPublisher } from "../../src/publish/open.ts";
import { DEFINITIONS, EVENTS, openWorkshop, type Workshop } from "./workshop.ts";

function syncIn(shop: Workshop, options: Partial<SyncRequest> = {}): Promise<SyncReport> {
  return sync({ project: shop.load, store: shop.store, command: "mlforge sync", ...options });
}

const outcomes = ({ items }: SyncReport) => items.map((i) => [i.feature, i.version, i.state, i.outcome]);

/** Removes all data, as a clone comes. */
async function cloneOf(shop: Workshop): Promise<Map<string, Uint8Array>> {
  const data = new Map<string, Uint8Array>();
  const publisher = await openPublisher(shop.store);
  for (const feature of (await publisher.read()).features.keys()) {
    for (const version of await publisher.versions(feature)) {
      const path = join(shop.store.path, feature, version, "data.parquet");
      data.set(path, await Deno.readFile(path));
      await Deno.remove(path);
    }
  }
  await Deno.remove(join(shop.store.path, "_mlforge"), { recursive: true });
  return data;
}

async function editMeta(shop: Workshop, feature: string, edit: (text: string) => string): Promise<void> {
  const path = join(shop.store.path, feature, "1.0.0/.meta.json");
  await Deno.writeTextFile(path, edit(await Deno.readTextFile(path)));
}

Deno.test("sync() brings a clone's data back byte for byte, publishes nothing, and has nothing to do then", async () => {
  await using shop = await openWorkshop();
  await shop.build();
  const data = await cloneOf(shop);
  const report = await syncIn(shop);
  assert.deepEqual(outcomes(report), [["shops", "1.0.0", "absent", "restored"], [
    "spend",
    "1.0.0",
    "absent",
    "restored",
  ]]);
  assert.deepEqual(report.items.map((i) => i.proof), ["bytes", "bytes"]);
  for (const [path, bytes] of data) assert.deepEqual(await Deno.readFile(path), bytes);
  assert.deepEqual(await shop.published(), { shops: "1.0.0", spend: "1.0.0" });
  assert.deepEqual((await syncIn(shop)).items.map((i) => i.outcome), ["here", "here"]);
});

Deno.test("sync() computes only what is missing: 3 of 100 features", async () => {
  const many = Array.from(
    { length: 100 },
    (_, i) =>
      `  f${i}: {source: events, entities: [user], sql: "select user, count(*) + ${i} as n from events group by user"}\n`,
  );
  const definitions = DEFINITIONS.slice(0, DEFINITIONS.indexOf("features:")) + "features:\n" + many.join("");
  await using shop = await openWorkshop({ "definitions.yaml": definitions, "events.csv": EVENTS });
  await shop.build();
  const gone = ["f3", "f42", "f99"];
  for (const name of gone) await Deno.remove(await shop.data(name));
  const started: string[] = [];
  const report = await syncIn(shop, {
    onEvent: (event) => void (event.kind === "started" && started.push(event.feature)),
  });
  assert.deepEqual(started.toSorted(), gone);
  assert.equal(report.items.filter((i) => i.outcome === "here").length, 97);
  assert.equal(report.items.filter((i) => i.outcome === "restored").length, 3);
});

Deno.test("sync() with dryRun says what is missing and what stands against it, and writes nothing", async () => {
  await using shop = await openWorkshop();
  await shop.build();
  await cloneOf(shop);
  await shop.write("definitions.yaml", DEFINITIONS.replace("count(distinct shop)", "max(shop)"));
  const report = await syncIn(shop, { dryRun: true });
  assert.deepEqual(report.items.map((i) => i.outcome), ["failed", "missing"]);
  assert.deepEqual(
    (await Array.fromAsync(Deno.readDir(shop.store.path))).map((e) => e.name).sort(),
    ["shops", "spend"],
  );
});

Deno.test("sync() with thorough finds data that was changed without size and time, and puts it right", async () => {
  await using shop = await openWorkshop();
  await shop.build();
  const path = await shop.data("spend");
  const before = await Deno.readFile(path);
  const { atime, mtime } = await Deno.stat(path);
  const changed = before.slice();
  changed[20]! ^= 1;
  await Deno.writeFile(path, changed);
  await Deno.utime(path, atime ?? 0, mtime ?? 0);
  assert.deepEqual((await syncIn(shop)).items.map((i) => i.outcome), ["here", "here"]);
  assert.deepEqual(outcomes(await syncIn(shop, { thorough: true })), [
    ["shops", "1.0.0", "here", "here"],
    ["spend", "1.0.0", "other", "restored"],
  ]);
  assert.deepEqual(await Deno.readFile(path), before);
});

Deno.test("sync() names a source that is not the recorded one, and what to do; other features go on", async () => {
  const definitions = DEFINITIONS.replace("sources:\n", "sources:\n  others: {path: others.csv}\n") +
    `  other_shops:
    source: others
    entities: [user]
    sql: select user, max(shop) as shop from others group by user
`;
  await using shop = await openWorkshop({
    "definitions.yaml": definitions,
    "events.csv": EVENTS,
    "others.csv": EVENTS,
  });
  await shop.build();
  await cloneOf(shop);
  await shop.write("events.csv", EVENTS + "bob,2026-01-06T00:00:00,7,2\n");
  const report = await syncIn(shop, { features: ["spend", "other_shops"] });
  assert.deepEqual(report.items.map((i) => [i.feature, i.outcome]), [
    ["other_shops", "restored"],
    ["spend", "failed"],
  ]);
  const { message, hint } = report.items[1]?.error ?? assert.fail();
  assert.match(
    message,
    /"spend" 1\.0\.0: source events \(events\.csv\) was [0-9a-f]{12} and is [0-9a-f]{12}$/,
  );
  assert.match(hint ?? "", /Put the source back .* --from PROFILE, .* mlforge build/);
});

Deno.test("sync() says to which version a definition belongs that is not the recorded one", async () => {
  await using shop = await openWorkshop();
  await shop.build();
  await shop.write("definitions.yaml", DEFINITIONS.replace("[sum, count]", "[sum, count, max]"));
  await shop.build();
  const data = await cloneOf(shop);
  await shop.write("definitions.yaml", DEFINITIONS);
  const { items } = await syncIn(shop, { features: ["spend"] });
  const { message, hint } = items[0]?.error ?? assert.fail();
  assert.match(message, /"spend" 1\.1\.0: its definition is another one now \(interval or metrics changed\)/);
  assert.match(hint ?? "", /It is that of 1\.0\.0\./);
  const older = await syncIn(shop, { features: ["spend"], version: "1.0.0" });
  assert.deepEqual(outcomes(older), [["spend", "1.0.0", "absent", "restored"]]);
  const path = join(shop.store.path, "spend/1.0.0/data.parquet");
  assert.deepEqual(await Deno.readFile(path), data.get(path));
});

Deno.test("sync() goes by the rows where another engine wrote the bytes, and says so", async () => {
  await using shop = await openWorkshop();
  await shop.build();
  await cloneOf(shop);
  await editMeta(
    shop,
    "spend",
    (text) =>
      text.replace(/"content_hash": "[0-9a-f]+"/, `"content_hash": "${"0".repeat(64)}"`)
        .replace(/"engine": "[^"]*"/, '"engine": "duckdb 1.4.0"'),
  );
  const report = await syncIn(shop, { features: ["spend"] });
  assert.deepEqual(report.items.map((i) => [i.outcome, i.proof]), [["restored", "rows"]]);
  assert.match(
    report.notes.join(),
    /spend: 1\.0\.0 has the same rows, in other bytes than when duckdb 1\.4\.0/,
  );
  assert.deepEqual((await syncIn(shop, { thorough: true, features: ["spend"] })).items[0]?.outcome, "here");
  await Deno.remove(await shop.data("spend"));
  const built = await shop.build({ features: ["spend"] });
  assert.deepEqual(built.items.map((i) => [i.outcome, i.version]), [["restored", "1.0.0"]]);
});

Deno.test("sync() refuses what comes out with other rows", async () => {
  await using shop = await openWorkshop();
  await shop.build();
  await cloneOf(shop);
  await editMeta(
    shop,
    "spend",
    (text) => text.replace(/"(content|rows)_hash": "[0-9a-f]+"/g, `"$1_hash": "${"0".repeat(64)}"`),
  );
  const { items } = await syncIn(shop, { features: ["spend"] });
  assert.match(items[0]?.error?.message ?? "", /it came out with other rows/);
  assert.equal(await (await openPublisher(shop.store)).dataPath("spend", "1.0.0"), undefined);
});

Deno.test("sync() copies from another store where that has the same content, without definitions or sources", async () => {
  await using shop = await openWorkshop();
  const other = { kind: "local" as const, path: join(shop.folder, "other") };
  await shop.build({ store: other, features: ["spend"], version: "3.0.0" });
  await shop.build();
  const data = await cloneOf(shop);
  const from = { name: "production", store: other };
  const project = () => Promise.reject(new MlforgeError("usage", "There are no definitions"));
  const plan = await syncIn(shop, { from, project, features: ["spend"], dryRun: true });
  assert.deepEqual(plan.items.map((i) => [i.outcome, i.from]), [["missing", "production"]]);
  const report = await syncIn(shop, { from, project, features: ["spend"] });
  assert.deepEqual(report.items.map((i) => [i.outcome, i.from, i.proof]), [[
    "copied",
    "production",
    "bytes",
  ]]);
  const path = join(shop.store.path, "spend/1.0.0/data.parquet");
  assert.deepEqual(await Deno.readFile(path), data.get(path));
  const rest = await syncIn(shop, { from });
  assert.deepEqual(rest.items.map((i) => [i.feature, i.outcome]), [["shops", "restored"], ["spend", "here"]]);
});

Deno.test("sync() refuses names and versions that are not there", async () => {
  await using shop = await openWorkshop();
  await shop.build();
  const usage = (hint: RegExp) => (error: unknown) =>
    error instanceof MlforgeError && error.code === "usage" && hint.test(error.hint ?? "");
  await assert.rejects(syncIn(shop, { features: ["spent"] }), usage(/spend/));
  await assert.rejects(syncIn(shop, { features: ["spend"], version: "7.0.0" }), usage(/list versions/));
  await assert.rejects(syncIn(shop, { version: "7.0.0" }), usage(/list versions/));
});
