import assert from "node:assert/strict";
import { join } from "node:path";
import { openPublisher } from "../../src/publish/open.ts";
import { DEFINITIONS, openWorkshop, type Workshop } from "./workshop.ts";

async function published({ store }: Workshop, feature: string, version = "1.0.0") {
  const publisher = await openPublisher(store);
  return (await publisher.metadata(feature, version))!.mlforge.statistics;
}

Deno.test("build() publishes statistics of every column, as they are read back", async () => {
  await using shop = await openWorkshop();
  await shop.build();
  const statistics = await published(shop, "spend");
  assert.deepEqual(Object.keys(statistics).sort(), [
    "at",
    "spend__amount__count__1d__1d",
    "spend__amount__count__1d__7d",
    "spend__amount__sum__1d__1d",
    "spend__amount__sum__1d__7d",
    "user",
  ]);
  assert.deepEqual(statistics["user"], {
    nulls: 0,
    distinct: 2,
    approximate_distinct: false,
    min: "ann",
    max: "bob",
  });
  const { histogram, ...sum } = statistics["spend__amount__sum__1d__7d"]!;
  assert.deepEqual([sum.min, sum.max, sum.nulls], [5, 31, 0]);
  assert.equal(histogram?.counts.length, 20);
});

Deno.test("Another number of workers, and a rebuild, give the same statistics", async () => {
  const made: string[] = [];
  for (const workers of [1, 2]) {
    await using shop = await openWorkshop();
    await shop.build({ workers });
    made.push(JSON.stringify([await published(shop, "spend"), await published(shop, "shops")]));
  }
  assert.equal(made[0], made[1]);
});

Deno.test("A column without statistics has no value in the store's metadata", async () => {
  await using shop = await openWorkshop({
    "definitions.yaml": `name: shop
sources: {events: {path: events.csv}}
features:
  one: {source: events, keys: [id], columns: {mail: {statistics: false}, age: {statistics: false}}}
`,
    "events.csv": "id,mail,age\n1,a@secret,51\n2,b@secret,52\n",
  });
  await shop.build();
  assert.deepEqual(Object.keys(await published(shop, "one")), ["id"]);
  const text = await Deno.readTextFile(join(shop.store.path, "one", "1.0.0", ".meta.json"));
  assert(!/secret|\b5[12]\b/.test(text));
});

Deno.test("A column to leave out that is not there is an error, with the nearest name", async () => {
  await using shop = await openWorkshop({
    "definitions.yaml": DEFINITIONS.replace(
      "    interval: 1d\n",
      "    interval: 1d\n    columns: {amuont: {statistics: false}}\n",
    ),
    "events.csv": "user,at,amount,shop\nann,2026-01-01,1,1\n",
  });
  await assert.rejects(shop.build({ features: ["spend"] }), {
    message: 'Feature "spend" has no column "amuont" to leave out of statistics',
    hint: 'Did you mean "amount"?',
  });
});
