import assert from "node:assert/strict";
import { openPublisher } from "../../../src/publish/open.ts";
import type { PublishOutcome } from "../../../src/publish/publisher.ts";
import { asked, type Wire, wireTest } from "../../stores/wire.ts";
import { buildTexts, dataText, versionsOf, WHO } from "../sample_batch.ts";
import { assertFilesWhole } from "../whole.ts";
import { type BucketStore, withBucketStore } from "./bucket_store.ts";

const BUILDERS = 32;

/** All at once, each as of a process of its own, with real clock and waits. */
async function buildAtOnce(
  wire: Wire,
  { prefix }: BucketStore,
  builds: readonly Record<string, string>[],
): Promise<PublishOutcome[]> {
  return await Promise.all(builds.map(async (texts) => {
    return await buildTexts(await openPublisher({ ...wire.store, prefix }), texts);
  }));
}

/** After a crowd entries may be left pending, as M had moved on: the next run clears them. */
async function assertHealed(store: BucketStore, features: readonly string[]): Promise<void> {
  await assertFilesWhole({ ...store, features });
  await (await store.builder().begin(WHO)).close();
  await store.assertSettled();
  await assertFilesWhole({ ...store, features });
}

wireTest(
  `${BUILDERS} builders of different features at once all publish`,
  (wire) =>
    withBucketStore(wire, "different", async (store) => {
      const features = Array.from({ length: BUILDERS }, (_, i) => `feature_${i}`);
      const outcomes = await buildAtOnce(
        wire,
        store,
        features.map((feature) => ({ [feature]: `of ${feature}` })),
      );
      assert.deepEqual(new Set(outcomes.map(({ kind }) => kind)), new Set(["published"]));
      // Twelve each, and what it costs to stand in each other's way at M: about twenty in all.
      const { length } = wire.proxy.requests;
      assert.ok(length < 40 * BUILDERS, `${length} requests`);
      const reader = await store.open();
      assert.deepEqual(
        versionsOf(await reader.read()),
        Object.fromEntries(features.map((f) => [f, "1.0.0"])),
      );
      for (const feature of features) assert.equal(await dataText(reader, feature, "1.0.0"), `of ${feature}`);
      await assertHealed(store, features);
    }),
);

wireTest(
  `of ${BUILDERS} builders of one feature at once each publishes its own data, or nothing`,
  (wire) =>
    withBucketStore(wire, "same", async (store) => {
      const texts = Array.from({ length: BUILDERS }, (_, i) => `clicks of ${i}`);
      const outcomes = await buildAtOnce(wire, store, texts.map((clicks) => ({ clicks })));
      const published = texts.filter((_, i) => outcomes[i]?.kind === "published");
      assert.ok(published.length > 0);
      // In each of three rounds a builder may look past the numbers of all others, and uploads where one looks free.
      const requests = wire.proxy.requests.map((request) => asked(wire, request));
      const uploads = requests.filter((request) => /^put .*data\.parquet$/.test(request)).length;
      assert.ok(requests.length < 3 * BUILDERS * (BUILDERS + 10), `${requests.length} requests`);
      assert.ok(uploads < requests.length / 2, `${uploads} uploads in ${requests.length} requests`);
      const reader = await store.open();
      const versions = await reader.versions("clicks");
      const found = await Promise.all(versions.map((version) => dataText(reader, "clicks", version)));
      assert.deepEqual(found.toSorted(), published.toSorted());
      await assertHealed(store, ["clicks"]);
    }),
);
