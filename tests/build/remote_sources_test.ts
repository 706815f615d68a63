import assert from "node:assert/strict";
import { openPublisher } from "../../src/publish/open.ts";
import { bucketTest } from "../fetch/remote_bucket.ts";
import { DEFINITIONS, EVENTS, openWorkshop } from "./workshop.ts";

bucketTest("A source in a bucket gives the same bytes as a local file", async (bucket) => {
  await bucket.put("in/events.csv", EVENTS);
  await using local = await openWorkshop();
  await using remote = await openWorkshop({
    "definitions.yaml": DEFINITIONS.replace("events.csv", bucket.address("in/events.csv")),
  });
  await local.build();
  Deno.env.set("MLFORGE_CACHE_DIR", remote.folder + "/cache");
  const store = { ...bucket.config, prefix: "store" };
  const report = await remote.build({ store });
  assert.deepEqual(report.items.map((item) => item.outcome), ["built", "built"]);
  for (const feature of ["spend", "shops"]) {
    const publisher = await openPublisher(store);
    const path = await publisher.dataPath(feature, "1.0.0") ?? "";
    assert.deepEqual(await Deno.readFile(path), await Deno.readFile(await local.data(feature)));
  }
});
