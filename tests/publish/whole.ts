import assert from "node:assert/strict";
import type { Publisher, Snapshot } from "../../src/publish/publisher.ts";
import { parseMeta, parsePointer } from "../../src/publish/read_meta.ts";
import { dataText, publishTexts, sha256, WHO } from "./sample_batch.ts";

/** A store as its readers see it. Its features' data says which feature and which batch it is of. */
export interface View {
  features: readonly string[];
  /** mlforge's own reader, as another process would have it. */
  open(): Promise<Publisher>;
  /** What any other reader gets for a path in the store; undefined where nothing is. */
  read(path: string): Promise<string | undefined>;
}

/** The data of one batch. */
export function textsOf({ features }: Pick<View, "features">, batch: string): Record<string, string> {
  return Object.fromEntries(features.map((feature) => [feature, `${feature} of ${batch}`]));
}

/** Which batch mlforge's readers see: of all features, or of none. */
export async function visibleBatch(view: View, snapshot?: Snapshot): Promise<string | undefined> {
  const publisher = await view.open();
  const seen = snapshot ?? await publisher.read();
  const texts = await Promise.all(
    [...seen.features].map(async ([feature, { version, content_hash }]) => {
      assert.equal((await publisher.metadata(feature, version))?.content_hash, content_hash);
      const text = await dataText(publisher, feature, version);
      assert.ok(text.startsWith(`${feature} of `), `${feature} has its own data, not "${text}"`);
      return text.slice(`${feature} of `.length);
    }),
  );
  const batches = new Set(texts);
  assert.ok(batches.size <= 1, `all features are of one batch: ${[...batches].join(" | ")}`);
  const whole = texts.length === 0 || texts.length === view.features.length;
  assert.ok(whole, `all features or none, not ${texts.length}`);
  return texts[0];
}

/** What a reader sees who knows nothing of mlforge: each pointer names a version that is whole. */
export async function assertFilesWhole({ features, read }: View): Promise<void> {
  for (const feature of features) {
    const pointer = await read(`${feature}/_latest.json`);
    if (pointer === undefined) continue;
    const folder = `${feature}/${parsePointer(pointer, feature).version}`;
    const meta = parseMeta(await read(`${folder}/.meta.json`) ?? assert.fail(folder), folder);
    assert.equal(sha256(await read(`${folder}/data.parquet`) ?? assert.fail(folder)), meta.content_hash);
  }
}

/**
 * After anything that broke a build off: what is visible is whole and one of the `allowed` batches; it stays visible while
 * the next run completes what was begun; and that one publishes its own batch then. Gives what was visible.
 */
export async function assertHeals(
  view: View,
  allowed: readonly (string | undefined)[],
  next = "next 1",
): Promise<string | undefined> {
  await assertFilesWhole(view);
  const seen = await visibleBatch(view);
  assert.ok(allowed.includes(seen), `one of ${allowed.join(" | ")} is visible, not ${seen}`);
  const publisher = await view.open();
  const batch = await publisher.begin(WHO);
  assert.equal(await visibleBatch(view, batch.base), seen, "recovery changes nothing that was visible");
  await batch.close();
  await assertFilesWhole(view);
  await publishTexts(publisher, textsOf(view, next));
  assert.equal(await visibleBatch(view), next);
  await assertFilesWhole(view);
  return seen;
}
