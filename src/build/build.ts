import { type MlforgeError, throwAll } from "../error.ts";
import { cacheFolder } from "../cache_folder.ts";
import type { Dropped } from "../publish/meta.ts";
import { openPublisher } from "../publish/open.ts";
import type { Batch, Entry, Publisher, Snapshot } from "../publish/publisher.ts";
import type { Done } from "../workers/messages.ts";
import { otherChecksNotes } from "./checks_hash.ts";
import { startWorkers } from "./compute.ts";
import { computeChecked } from "./compute_checked.ts";
import { openFingerprints } from "./fingerprint.ts";
import { metaOf } from "./make_meta.ts";
import { planFeatures, type Planned, resolveSources, selectFeatures } from "./plan_features.ts";
import { planItem } from "./plan_item.ts";
import { publishEntries } from "./publish_entries.ts";
import type { BuildItem, BuildReport, BuildRequest } from "./report.ts";
import { VERSION } from "../version.ts";

/**
 * The story of one `mlforge build`: plan against what is published, compute what changed in parallel workers, which put
 * the data files into the store, then make the whole batch visible at once.
 *
 * Nothing is visible before the last step; whatever ends the build before it leaves the store as it was.
 */
export async function build(request: BuildRequest): Promise<BuildReport> {
  const started = performance.now();
  const tell = request.onEvent ?? (() => {});
  const notes: string[] = [];
  const note = (text: string) => {
    notes.push(text);
    tell({ kind: "note", text });
  };

  const features = selectFeatures(request);
  const fingerprints = await openFingerprints(cacheFolder((name) => Deno.env.get(name)));
  // Where the store is far away, it answers while the sources are looked at.
  const looking = lookAtStore(request, (text) => tell({ kind: "note", text }));
  looking.catch(() => {});
  const sources = await resolveSources(features, request, fingerprints);
  request.signal?.throwIfAborted();
  const { publisher, now } = await looking;
  const planOn = (snapshot: Snapshot) =>
    planFeatures(features, sources, { snapshot, publisher }, {
      force: request.force === true,
      explain: request.store.kind === "local",
      restore: request.store.kind === "local",
      ...(request.version === undefined ? {} : { version: request.version }),
    });
  const outlook = await planOn(now);
  if (!now.pending && outlook.every((item) => item.change === undefined)) {
    tell({ kind: "planned", items: outlook.map(planItem) });
    await fingerprints.save();
    (await otherChecksNotes(outlook)).forEach(note);
    return {
      items: outlook.map(unchanged),
      seconds: (performance.now() - started) / 1000,
      notes: [...now.notes, ...notes],
      warnings: [],
    };
  }
  // They load the engine while the store is made ready: the first time that takes several ways there and back.
  const changed = outlook.filter((item) => item.change !== undefined).length;
  using crew = await startWorkers(changed, request);
  const who = { tool: `mlforge ${VERSION}`, command: request.command };
  const batch = await publisher.begin(who, { from: now });
  try {
    batch.base.notes.forEach(note);
    // Another build may have published in between, or what a dead one left was completed.
    const planned = batch.base === now ? outlook : await planOn(batch.base);
    tell({ kind: "planned", items: planned.map(planItem) });

    (await otherChecksNotes(planned)).forEach(note);

    const work = planned.filter((item) => item.change !== undefined);
    const { done, errors, warnings, notes: uncompared } = await computeChecked(
      work,
      { ...request, crew },
      batch,
      {
        snapshot: batch.base,
        publisher,
      },
    );
    uncompared.forEach(note);
    await fingerprints.save();
    for (const item of work) {
      const dropped = done.get(item.feature.name)?.built.dropped;
      if (dropped !== undefined) droppedNotes(item.feature.name, dropped).forEach(note);
    }
    if (errors.size > 0 && request.keepGoing !== true) throwAll([...errors.values()]);
    request.signal?.throwIfAborted();

    const entries: Entry[] = [];
    for (const item of work) {
      const result = done.get(item.feature.name);
      if (result?.version === undefined || result.chosen === undefined) continue;
      const { built: { file, contentHash }, version } = result;
      const meta = await metaOf(item, result, { tx: batch.tx, version, root: request.project.root });
      entries.push({
        feature: item.feature.name,
        version,
        file,
        contentHash,
        meta,
        base: item.change?.published,
      });
    }
    const restored = await restoreData(work, done, batch);
    restored.forEach(note);
    if (entries.length > 0) tell({ kind: "publishing", features: entries.length });
    const published = await publishEntries(entries, { planned: work, done, publisher, batch, request });
    published.notes.forEach(note);

    const items = planned.map((item) =>
      itemOf(item, { done, errors, restored, published: published.versions })
    );
    const report = { items, seconds: (performance.now() - started) / 1000, notes, warnings };
    return published.versions.size > 0 ? { ...report, tx: batch.tx } : report;
  } finally {
    await batch.close();
  }
}

async function lookAtStore(
  { store, project }: BuildRequest,
  onWait: (text: string) => void,
): Promise<{ publisher: Publisher; now: Snapshot }> {
  const publisher = await openPublisher(store, { onWait, project: project.name });
  return { publisher, now: await publisher.read() };
}

/** What was built again and found the same is put where the published data is not (any more). */
async function restoreData(
  work: readonly Planned[],
  done: ReadonlyMap<string, Done>,
  batch: Batch,
): Promise<Map<string, string>> {
  const notes = new Map<string, string>();
  for (const { feature: { name }, published } of work) {
    const result = done.get(name);
    if (published === undefined || result === undefined || result.chosen !== undefined) continue;
    const { version, content_hash: contentHash } = published;
    const { file, contentHash: fileHash } = result.built;
    if (await batch.restore({ feature: name, version, contentHash, file, fileHash })) {
      const how = fileHash === contentHash ? "" : ": the same rows, in bytes of another engine or platform";
      notes.set(name, `${name}: put the data of ${version} back in place${how}`);
    }
  }
  return notes;
}

function droppedNotes(feature: string, dropped: Dropped): string[] {
  const { null_key, null_time, null_known_at = 0, null_row_id = 0 } = dropped;
  const counts = { key: null_key, time: null_time, known_at: null_known_at, row_id: null_row_id };
  return Object.entries(counts).flatMap(([what, count]) =>
    count > 0 ? [`${feature}: left out ${count} rows with a NULL ${what}`] : []
  );
}

function unchanged({ feature, published }: Planned): BuildItem {
  const item = { feature: feature.name, outcome: "unchanged" as const, why: [] };
  return published === undefined ? item : { ...item, version: published.version };
}

interface Outcomes {
  done: ReadonlyMap<string, Done>;
  errors: ReadonlyMap<string, MlforgeError>;
  /** Features whose data was put back. */
  restored: ReadonlyMap<string, string>;
  /** Feature -> version. */
  published: ReadonlyMap<string, string>;
}

function itemOf(
  { feature, change, published: before }: Planned,
  { done, errors, restored, published }: Outcomes,
): BuildItem {
  const result = done.get(feature.name);
  const error = errors.get(feature.name);
  const previous = before?.version;
  const version = published.get(feature.name) ?? previous;
  const built = published.has(feature.name);
  return {
    feature: feature.name,
    outcome: built
      ? "built"
      : error !== undefined || (change !== undefined && result === undefined)
      ? "failed"
      : restored.has(feature.name)
      ? "restored"
      : "unchanged",
    why: change?.why ?? [],
    ...(version === undefined ? {} : { version }),
    ...(built && previous !== undefined ? { previous } : {}),
    ...(built && result?.chosen ? { bump: result.chosen.summary.bump_type } : {}),
    ...(result === undefined
      ? {}
      : { rows: result.built.rows, bytes: result.built.bytes, seconds: result.seconds ?? 0 }),
    ...(error === undefined ? {} : { error }),
  };
}
