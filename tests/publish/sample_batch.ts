import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { KeepPolicy } from "../../src/publish/keep.ts";
import { type Bump, type Meta, stableJson } from "../../src/publish/meta.ts";
import type { Batch, Entry, Publisher, PublishOutcome, Snapshot } from "../../src/publish/publisher.ts";

export const WHO = { tool: "mlforge 0.0.0", command: "test" };

const COLUMNS = [{ name: "user_id", dtype: "int64" }];
/** Of the sample's columns, as a build computes it. */
export const SCHEMA_HASH = sha256(stableJson(COLUMNS));

/** Metadata that says what `text`, as the data of a feature, would have. */
export function sampleMeta(tx: string, feature: string, version: string, text: string, bump: Bump): Meta {
  const hash = sha256(text);
  return {
    name: feature,
    version,
    path: `${feature}/${version}/data.parquet`,
    entity: "user_id",
    keys: ["user_id"],
    source: "events.csv",
    row_count: text.length,
    created_at: "2026-01-01T00:00:00.000Z",
    updated_at: "2026-01-01T00:00:00.000Z",
    content_hash: hash,
    schema_hash: SCHEMA_HASH,
    config_hash: sha256("config"),
    source_hash: sha256("source"),
    timestamp: null,
    interval: null,
    columns: COLUMNS,
    features: [],
    tags: [],
    description: null,
    change_summary: { bump_type: bump, reason: "A test.", details: [] },
    mlforge: {
      format: 1,
      tool: WHO.tool,
      engine: "none",
      platform: "test",
      tx,
      rows_hash: hash,
      stamp: "none",
      watermark: null,
      bytes: text.length,
      sources: [],
      dropped: { null_key: 0, null_time: 0 },
      entities: ["user"],
      owner: null,
      statistics: {},
      checks_hash: "",
      config_parts: {},
    },
  };
}

/** Stages `text` as a feature's data and gives the entry that publishes it. */
export async function stageText(
  publisher: Publisher,
  batch: Batch,
  feature: string,
  text: string,
  options: { bump?: Bump; requested?: string; on?: Snapshot } = {},
): Promise<Entry> {
  const on = options.on ?? batch.base;
  const base = on.features.get(feature);
  const top = on.top.get(feature);
  const bump = options.bump ?? (base === undefined ? "first" : "minor");
  const file = join(batch.folder, `${feature}-${crypto.randomUUID()}.parquet`);
  await Deno.writeTextFile(file, text);
  const contentHash = sha256(text);
  const { version } = await publisher.stage({
    tx: batch.tx,
    feature,
    file,
    bytes: text.length,
    contentHash,
    wish: {
      bump,
      ...(base === undefined ? {} : { published: base.version }),
      ...(top === undefined ? {} : { top }),
      ...(options.requested === undefined ? {} : { requested: options.requested }),
    },
  });
  const meta = sampleMeta(batch.tx, feature, version, text, bump);
  return { feature, version, file, contentHash, meta, base };
}

/** One whole build of features given as texts. */
export async function publishTexts(publisher: Publisher, texts: Record<string, string>): Promise<Snapshot> {
  const batch = await publisher.begin(WHO);
  try {
    const entries = [];
    for (const [feature, text] of Object.entries(texts)) {
      entries.push(await stageText(publisher, batch, feature, text));
    }
    return publishedSnapshot(await batch.publish(entries));
  } finally {
    await batch.close();
  }
}

/**
 * One build as `mlforge build` makes it: it looks, begins from there, stages all at once, and plans again what it lost, in
 * so many rounds.
 */
export async function buildTexts(
  publisher: Publisher,
  texts: Record<string, string>,
  { rounds = 3, command = WHO.command } = {},
): Promise<PublishOutcome> {
  const batch = await publisher.begin({ ...WHO, command }, { from: await publisher.read() });
  try {
    let on = batch.base;
    let entries: Entry[] = [];
    for (let round = 1;; round++) {
      const kept = new Map(entries.map((entry) => [entry.feature, entry]));
      entries = await Promise.all(
        Object.entries(texts).map(([feature, text]) =>
          kept.get(feature) ?? stageText(publisher, batch, feature, text, { on })
        ),
      );
      const outcome = await batch.publish(entries);
      if (outcome.kind === "published" || round === rounds) return outcome;
      const { features, snapshot } = outcome;
      on = snapshot;
      entries = entries.filter((entry) => !features.includes(entry.feature));
    }
  } finally {
    await batch.close();
  }
}

/** Lets everything go that may go: what the samples' metadata says was built long before. */
export const ALL_OLD: KeepPolicy = { keep: 1, grace: new Date("2026-06-01") };
/** Only what no commit names. */
export const UNCOMMITTED: KeepPolicy = { grace: new Date("2026-06-01") };

/** What a reader gets for a feature: version, data; undefined where nothing is published. */
export async function readText(publisher: Publisher, feature: string): Promise<string | undefined> {
  const version = (await publisher.read()).features.get(feature)?.version;
  return version === undefined ? undefined : `${version} ${await dataText(publisher, feature, version)}`;
}

export async function dataText(publisher: Publisher, feature: string, version: string): Promise<string> {
  const read = async () => {
    const path = await publisher.dataPath(feature, version);
    assert.ok(path !== undefined, `data of ${feature} ${version}`);
    return await Deno.readTextFile(path);
  };
  // Data of a commit on its way may be put in place between the two steps: a local store moves it.
  return await read().catch((error) =>
    error instanceof Deno.errors.NotFound ? read() : Promise.reject(error)
  );
}

export function publishedSnapshot(outcome: PublishOutcome): Snapshot {
  assert.equal(outcome.kind, "published");
  return outcome.snapshot;
}

export function versionsOf(snapshot: Snapshot): Record<string, string> {
  return Object.fromEntries([...snapshot.features].sort().map(([f, p]) => [f, p.version]));
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
