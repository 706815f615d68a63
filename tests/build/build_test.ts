import assert from "node:assert/strict";
import { join } from "node:path";
import { check } from "../../src/build/check.ts";
import { plan } from "../../src/build/plan.ts";
import { preview } from "../../src/build/preview.ts";
import { validate } from "../../src/build/validate.ts";
import { MlforgeError } from "../../src/error.ts";
import { openPublisher } from "../../src/publish/open.ts";
import { DEFINITIONS, EVENTS, openWorkshop, rowsOf } from "./workshop.ts";

Deno.test("build() publishes new features as 1.0.0 with the rows that the definitions ask for", async () => {
  await using shop = await openWorkshop();
  const report = await shop.build();
  assert.deepEqual(report.items.map((i) => [i.feature, i.outcome, i.version, i.bump]), [
    ["spend", "built", "1.0.0", "first"],
    ["shops", "built", "1.0.0", "first"],
  ]);
  assert.deepEqual(await shop.published(), { shops: "1.0.0", spend: "1.0.0" });
  assert.deepEqual(await rowsOf(await shop.data("shops")), [["ann", "2"], ["bob", "1"]]);
  assert.deepEqual(await rowsOf(await shop.data("spend")), [
    ["ann", "2026-01-02 00:00:00", "10", "10", "1", "1"],
    ["ann", "2026-01-03 00:00:00", "20", "30", "1", "2"],
    ["ann", "2026-01-04 00:00:00", "0", "30", "0", "2"],
    ["ann", "2026-01-06 00:00:00", "1", "31", "1", "3"],
    ["bob", "2026-01-03 00:00:00", "5", "5", "1", "1"],
    ["bob", "2026-01-04 00:00:00", "0", "5", "0", "1"],
  ]);
});

Deno.test("build() does nothing where nothing changed, and writes metadata that says what it is", async () => {
  await using shop = await openWorkshop();
  await shop.build();
  const again = await shop.build();
  assert.deepEqual(again.items.map((i) => [i.outcome, i.version]), [["unchanged", "1.0.0"], [
    "unchanged",
    "1.0.0",
  ]]);
  assert.equal(again.tx, undefined);
  const meta = await (await openPublisher(shop.store)).metadata("spend", "1.0.0");
  assert(meta);
  assert.equal(meta.row_count, 6);
  assert.equal(meta.path, "spend/1.0.0/data.parquet");
  assert.equal(meta.mlforge.watermark, "2026-01-05T00:00:00.000000Z");
  assert.equal(meta.mlforge.stamp, "bucket_end");
  assert.deepEqual(meta.columns.map((c) => c.dtype), [
    "utf8",
    "timestamp[us]",
    "int64",
    "int64",
    "int64",
    "int64",
  ]);
  assert.deepEqual(meta.features[0], {
    name: "spend__amount__sum__1d__1d",
    dtype: "int64",
    input: "amount",
    agg: "sum",
    window: "1d",
  });
});

const BUMPS: [what: string, edit: (text: string) => string, file: string, version: string, why: RegExp][] = [
  [
    "another source",
    (t) => t + "bob,2026-01-06T00:00:00,7,2\n",
    "events.csv",
    "1.0.1",
    /source events changed/,
  ],
  [
    "a column more",
    (t) => t.replace("[sum, count]", "[sum, count, max]"),
    "definitions.yaml",
    "1.1.0",
    /metrics/,
  ],
  ["a column less", (t) => t.replace("[sum, count]", "[sum]"), "definitions.yaml", "2.0.0", /metrics/],
  ["another window", (t) => t.replace("[1d, 7d]", "[1d, 6d]"), "definitions.yaml", "2.0.0", /metrics/],
  [
    "another definition with the same columns",
    (t) => t.replace("path: events.csv", "path: events.csv, timezone: Europe/Berlin"),
    "definitions.yaml",
    "1.1.0",
    /how sources are read/,
  ],
];

for (const [what, edit, file, version, why] of BUMPS) {
  Deno.test(`build() gives ${what} the version ${version}, and plan() says so before`, async () => {
    await using shop = await openWorkshop();
    await shop.build();
    await shop.write(file, edit(await Deno.readTextFile(join(shop.folder, file))));
    const request = { project: await shop.load(), store: shop.store, command: "plan", features: ["spend"] };
    const [item] = await plan(request);
    assert.equal(item?.status, "changed");
    assert.equal(item?.next, version);
    assert.match(item?.why.join() ?? "", why);
    const report = await shop.build({ features: ["spend"] });
    assert.equal(report.items[0]?.version, version);
    assert.equal(report.items[0]?.previous, "1.0.0");
  });
}

Deno.test("build() with --version takes it, and refuses one that is not above the highest", async () => {
  await using shop = await openWorkshop();
  assert.equal((await shop.build({ version: "3.2.1" })).items[0]?.version, "3.2.1");
  const started: string[] = [];
  await assert.rejects(
    shop.build({
      version: "3.2.0",
      onEvent: (event) => void (event.kind === "started" && started.push(event.feature)),
    }),
    (error) => error instanceof MlforgeError && error.code === "usage" && error.others.length === 1,
  );
  assert.deepEqual(started, [], "refused before anything is computed");
  assert.deepEqual(await shop.published(), { shops: "3.2.1", spend: "3.2.1" });
});

Deno.test("build() with force computes again and publishes nothing where the bytes are the same", async () => {
  await using shop = await openWorkshop();
  await shop.build();
  const report = await shop.build({ force: true });
  assert.deepEqual(report.items.map((i) => [i.outcome, i.version]), [["unchanged", "1.0.0"], [
    "unchanged",
    "1.0.0",
  ]]);
  assert.equal(report.items[0]?.rows, 6);
});

Deno.test("build() puts published data that is absent or was changed back in place, byte for byte", async () => {
  await using shop = await openWorkshop();
  await shop.build();
  const [spend, shops] = [await shop.data("spend"), await shop.data("shops")];
  const [before, other] = [await Deno.readFile(spend), await Deno.readFile(shops)];
  await Deno.remove(spend);
  await Deno.writeFile(shops, new Uint8Array([1]), { append: true });
  const request = { project: await shop.load(), store: shop.store, command: "plan" };
  assert.deepEqual((await plan(request)).map(({ status, next, why }) => [status, next, ...why]), [
    ["absent", "1.0.0", "its data is not here"],
    ["absent", "1.0.0", "its data is not what was published"],
  ]);
  const report = await shop.build();
  assert.deepEqual(report.items.map((i) => [i.outcome, i.version]), [
    ["restored", "1.0.0"],
    ["restored", "1.0.0"],
  ]);
  assert.equal(report.tx, undefined);
  assert.deepEqual(report.notes, [
    "spend: put the data of 1.0.0 back in place",
    "shops: put the data of 1.0.0 back in place",
  ]);
  assert.deepEqual([await Deno.readFile(spend), await Deno.readFile(shops)], [before, other]);
  assert.deepEqual(await shop.published(), { shops: "1.0.0", spend: "1.0.0" });
  assert.deepEqual((await shop.build()).items.map((i) => i.outcome), ["unchanged", "unchanged"]);
});

const BROKEN = DEFINITIONS + `  broken:
    source: events
    entities: [user]
    sql: select user, 1 / (amount - amount)::int as x, error('boom') as y from events
`;

Deno.test("build() publishes nothing where one feature fails, and the others together with keepGoing", async () => {
  await using shop = await openWorkshop({ "definitions.yaml": BROKEN, "events.csv": EVENTS });
  await assert.rejects(shop.build(), /broken.*boom/s);
  assert.deepEqual(await shop.published(), {});
  const report = await shop.build({ keepGoing: true });
  assert.deepEqual(report.items.map((i) => i.outcome), ["built", "built", "failed"]);
  assert.deepEqual(await shop.published(), { shops: "1.0.0", spend: "1.0.0" });
});

Deno.test("build() takes features by name and by tag, and suggests the nearest where there is none", async () => {
  await using shop = await openWorkshop();
  await assert.rejects(shop.build({ features: ["spent"] }), (error) => {
    assert(error instanceof MlforgeError);
    return error.hint === 'Did you mean "spend"?';
  });
  await shop.build({ features: ["shops"] });
  assert.deepEqual(await shop.published(), { shops: "1.0.0" });
});

Deno.test("build() leaves out rows without key or time, and says how many", async () => {
  await using shop = await openWorkshop();
  await shop.write("events.csv", EVENTS + ",2026-01-03T00:00:00,1,1\nbob,,1,1\nbob,,2,1\n");
  const report = await shop.build({ features: ["spend"] });
  assert.deepEqual(report.notes, [
    "spend: left out 1 rows with a NULL key",
    "spend: left out 2 rows with a NULL time",
  ]);
});

Deno.test("build() refuses two rows with one key and time", async () => {
  await using shop = await openWorkshop();
  await shop.write(
    "definitions.yaml",
    DEFINITIONS.replace(
      "select user, count(distinct shop) as shops from events group by user",
      "select user, shop from events",
    ),
  );
  await assert.rejects(shop.build({ features: ["shops"] }), /3 rows for user=ann/);
});

Deno.test("build() counts rows of one key whatever the key is called", async () => {
  await using shop = await openWorkshop();
  const keyed = "    keys: [n]\n    sql: select unnest([2, 3]) as n from events limit 2\n";
  await shop.write("definitions.yaml", DEFINITIONS.replace(/(shops:\n.*\n)[^]*/, `$1${keyed}`));
  await shop.build({ features: ["shops"] });
  assert.deepEqual(await rowsOf(await shop.data("shops")), [["2"], ["3"]]);
});

Deno.test("build() writes the same bytes with 1, 2 and 4 workers, twice each", async () => {
  await using shop = await openWorkshop();
  const rows = Array.from({ length: 20_000 }, (_, i) => {
    const at = new Date(Date.UTC(2026, 0, 1) + ((i * 7919) % 50_000) * 60_000).toISOString().slice(0, 19);
    return `u${(i * 31) % 97},${at},${((i * 104_729) % 10_007) / 7},${i % 5}`;
  });
  await shop.write("events.csv", `user,at,amount,shop\n${rows.join("\n")}\n`);
  await shop.write(
    "definitions.yaml",
    DEFINITIONS.replace("[sum, count]", "[sum, count, mean, min, max, std, median]"),
  );
  const seen = new Set<string>();
  for (const workers of [1, 2, 4, 1, 2, 4]) {
    await Deno.remove(shop.store.path, { recursive: true }).catch(() => {});
    await shop.build({ workers });
    const publisher = await openPublisher(shop.store);
    const { features } = await publisher.read();
    seen.add(JSON.stringify([...features].map(([name, p]) => [name, p.content_hash]).sort()));
  }
  assert.equal(seen.size, 1);
});

Deno.test("check() compares definitions with what is published, without the data", async () => {
  await using shop = await openWorkshop();
  await shop.build();
  await Deno.remove(join(shop.folder, "events.csv"));
  assert.deepEqual((await check({ project: await shop.load(), store: shop.store })).map((i) => i.status), [
    "unchanged",
    "unchanged",
  ]);
  await shop.write("definitions.yaml", DEFINITIONS.replace("[1d, 7d]", "[1d]"));
  const items = await check({ project: await shop.load(), store: shop.store });
  assert.deepEqual(items.map((i) => [i.status, i.why]), [["changed", ["interval or metrics changed"]], [
    "unchanged",
    [],
  ]]);
});

Deno.test("preview() gives the first rows and publishes nothing", async () => {
  await using shop = await openWorkshop();
  const request = { project: await shop.load(), store: shop.store, command: "preview" };
  const [spend, shops] = await preview(request, 1);
  assert.deepEqual(spend?.rows, [["ann", "2026-01-02 00:00:00", "10", "10", "1", "1"]]);
  assert.deepEqual(shops, {
    feature: "shops",
    columns: [{ name: "user", dtype: "utf8" }, { name: "shops", dtype: "int64" }],
    rows: [["ann", "2"]],
  });
  assert.deepEqual(await shop.published(), {});
});

Deno.test("validate() finds every wrong feature and source at once, without building", async () => {
  await using shop = await openWorkshop();
  await shop.write(
    "definitions.yaml",
    DEFINITIONS.replace("{amount: [sum, count]}", "{amout: [sum]}").replace(
      "from events group",
      "from event group",
    ),
  );
  const errors = await validate({ project: await shop.load() });
  assert.deepEqual(errors.map((e) => [e.message, e.hint]), [
    ['Feature "spend" has no column "amout", its metric\'s input', 'Did you mean "amount"?'],
    ['SQL of feature "shops" reads "event", which is none of its sources', 'Did you mean "events"?'],
  ]);
});

Deno.test("build() takes a broken cache of fingerprints for an empty one", async () => {
  await using shop = await openWorkshop();
  const cache = join(shop.folder, "cache");
  await Deno.mkdir(cache);
  const before = Deno.env.get("MLFORGE_CACHE_DIR");
  Deno.env.set("MLFORGE_CACHE_DIR", cache);
  try {
    await shop.build();
    const events = JSON.stringify(await Deno.realPath(join(shop.folder, "events.csv")));
    for (const text of ["null", "[", `{${events}: null}`, `{${events}: {"size": 1}}`]) {
      await Deno.writeTextFile(join(cache, "fingerprints.json"), text);
      assert.deepEqual((await shop.build()).items.map((item) => item.outcome), ["unchanged", "unchanged"]);
    }
  } finally {
    if (before === undefined) Deno.env.delete("MLFORGE_CACHE_DIR");
    else Deno.env.set("MLFORGE_CACHE_DIR", before);
  }
});
