import assert from "node:assert/strict";
import { groupsOf } from "../../src/build/groups.ts";
import { resolveSources, selectFeatures } from "../../src/build/plan_features.ts";
import type { Planned } from "../../src/build/plan_features.ts";
import { openFingerprints } from "../../src/build/fingerprint.ts";
import { openWorkshop } from "./workshop.ts";

const feature = (name: string, sources: string) =>
  `  ${name}: {sources: [${sources}], keys: [user], sql: "select user from ${sources.split(",")[0]}"}\n`;

const DEFINITIONS = "name: shop\nsources:\n  a: {path: a.csv}\n  b: {path: b.csv}\nfeatures:\n" +
  ["f1", "f2", "f3", "f4", "f5"].map((name) => feature(name, "a")).join("") + feature("g", "a, b");

async function groups(workers: number) {
  await using shop = await openWorkshop({
    "definitions.yaml": DEFINITIONS,
    "a.csv": "user\n1\n",
    "b.csv": "user\n1\n",
  });
  const project = await shop.load();
  const features = selectFeatures({ project });
  const sources = await resolveSources(features, { project }, await openFingerprints(undefined));
  const planned = features.map((feature): Planned => ({
    feature,
    config: { hash: "", parts: () => Promise.resolve({}) },
    sources: feature.sources.flatMap((source) => sources.get(source.name) ?? []),
    lookups: [],
    sourceHash: "",
    status: "new",
    published: undefined,
    change: undefined,
  }));
  const cache = { limit: 0 };
  const [folder, now] = ["/tmp/x", new Date(0)];
  return groupsOf(planned, { workers, memory: 1000, cpus: 4, folder, cache, now, keepFailing: false });
}

Deno.test("Features are shared out evenly, those of the same sources together", async () => {
  const shape = async (workers: number) =>
    (await groups(workers)).map((g) => [g.tasks.map((t) => t.feature).join(" "), g.threads, g.memory]);
  assert.deepEqual(await shape(1), [["f1 f2 f3 f4 f5", 4, 1000], ["g", 4, 1000]]);
  assert.deepEqual(await shape(2), [["f1 f3 f5", 2, 500], ["f2 f4", 2, 500], ["g", 2, 500]]);
  assert.equal((await shape(6)).length, 6);
});
