import { type MlforgeError, throwAll } from "../error.ts";
import { lazily } from "../lazy.ts";
import { openPublisher } from "../publish/open.ts";
import type { Batch, Entry, Snapshot } from "../publish/publisher.ts";
import type { Done } from "../workers/messages.ts";
import { cacheFolder, openFingerprints } from "./fingerprint.ts";
import { groupsOf } from "./groups.ts";
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
  const sources = await resolveSources(features, request.project.root, fingerprints);
  request.signal?.throwIfAborted();
  const publisher = await openPublisher(request.store, { onWait: (text) => tell({ kind: "note", text }) });
  const planOn = (snapshot: Snapshot) =>
    planFeatures(features, sources, { snapshot, publisher }, {
      force: request.force === true,
      explain: request.store.kind === "local",
      ...(request.version === undefined ? {} : { version: request.version }),
    });
  const now = await publisher.read();
  const outlook = await planOn(now);
  if (!now.pending && outlook.every((item) => item.change === undefined)) {
    tell({ kind: "planned", items: outlook.map(planItem) });
    await fingerprints.save();
    return {
      items: outlook.map(unchanged),
      seconds: (performance.now() - started) / 1000,
      notes: [...now.notes],
    };
  }
  const batch = await publisher.begin({ tool: `mlforge ${VERSION}`, command: request.command });
  try {
    batch.base.notes.forEach(note);
    // Planned again on the moment that the batch starts from: another build may have published in between.
    const planned = await planOn(batch.base);
    tell({ kind: "planned", items: planned.map(planItem) });

    const work = planned.filter((item) => item.change !== undefined);
    const { done, errors } = await compute(work, request, { tx: batch.tx, folder: batch.folder });
    await refuseChangedSources(work, done, errors);
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
    (await restoreData(work, done, batch)).forEach(note);
    if (entries.length > 0) tell({ kind: "publishing", features: entries.length });
    const published = await publishEntries(entries, { planned: work, done, publisher, batch, request });
    published.notes.forEach(note);

    const items = planned.map((item) => itemOf(item, done, errors, published.versions));
    const report = { items, seconds: (performance.now() - started) / 1000, notes };
    return published.versions.size > 0 ? { ...report, tx: batch.tx } : report;
  } finally {
    await batch.close();
  }
}

/** Runs the work in the pool, and collects what came out. An abort (Ctrl-C) throws its reason. */
async function compute(
  work: readonly Planned[],
  request: BuildRequest,
  batch: { tx: string; folder: string },
): Promise<{ done: Map<string, Done>; errors: Map<string, MlforgeError> }> {
  const done = new Map<string, Done>();
  const errors = new Map<string, MlforgeError>();
  if (work.length === 0) return { done, errors };
  const tell = request.onEvent ?? (() => {});
  const cpus = navigator.hardwareConcurrency;
  const workers = request.workers ?? Math.min(cpus, work.length);
  const memory = request.memory ?? Math.floor(Deno.systemMemoryInfo().total * 0.8);
  const groups = groupsOf(work, { workers, memory, cpus, folder: batch.folder });
  const changes = Object.fromEntries(
    work.flatMap(({ feature, change }) => change ? [[feature.name, change]] : []),
  );
  const jobs = groups.map((group) => ({
    group,
    store: request.store,
    tx: batch.tx,
    definitions: request.project.file,
    changes,
  }));
  const { runJobs } = await lazily<typeof import("../workers/pool.ts")>(
    "../workers/pool.ts",
    import.meta.url,
  );
  const starts = new Map<string, number>();
  await runJobs(jobs, {
    workers,
    keepGoing: request.keepGoing === true,
    ...(request.timeout === undefined ? {} : { timeout: request.timeout }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    onStarted: (feature) => {
      starts.set(feature, performance.now());
      tell({ kind: "started", feature });
    },
    onPhase: (feature, phase, rows) =>
      tell({ kind: "progress", feature, phase, ...(rows === undefined ? {} : { rows }) }),
    onDone: (feature, result) => {
      const seconds = (performance.now() - (starts.get(feature) ?? performance.now())) / 1000;
      done.set(feature, { ...result, seconds });
      const version = result.version ?? "";
      tell({ kind: "built", feature, version, rows: result.built.rows, bytes: result.built.bytes, seconds });
    },
    onFailed: (feature, error) => {
      errors.set(feature, error);
      tell({ kind: "failed", feature, error });
    },
  });
  request.signal?.throwIfAborted();
  return { done, errors: withoutConsequences(errors) };
}

/** Features that were only stopped because another one failed say nothing new beside it. */
function withoutConsequences(errors: Map<string, MlforgeError>): Map<string, MlforgeError> {
  const causes = [...errors].filter(([, error]) => !error.message.startsWith("Stopped"));
  return causes.length === 0 ? errors : new Map(causes);
}

/** A source that changed while it was read makes a mixture: what came of it is not published. */
async function refuseChangedSources(
  work: readonly Planned[],
  done: Map<string, Done>,
  errors: Map<string, MlforgeError>,
): Promise<void> {
  const checks = new Map<string, Promise<MlforgeError | undefined>>();
  for (const { feature, sources } of work) {
    for (const source of sources) {
      const check = checks.get(source.task.name) ??
        source.assertUnchanged().then(() => undefined, (error: MlforgeError) => error);
      checks.set(source.task.name, check);
      const error = await check;
      if (error !== undefined && done.delete(feature.name)) errors.set(feature.name, error);
    }
  }
}

/** What --force built again and found the same is put where the published data is not (any more). */
async function restoreData(
  work: readonly Planned[],
  done: ReadonlyMap<string, Done>,
  batch: Batch,
): Promise<string[]> {
  const notes: string[] = [];
  for (const { feature: { name }, published } of work) {
    const result = done.get(name);
    if (published === undefined || result === undefined || result.chosen !== undefined) continue;
    const { file, contentHash } = result.built;
    const { version } = published;
    if (await batch.restore({ feature: name, version, file, contentHash })) {
      notes.push(`${name}: put the data of ${version} back in place`);
    }
  }
  return notes;
}

function droppedNotes(feature: string, dropped: { null_key: number; null_time: number }): string[] {
  const said: string[] = [];
  if (dropped.null_key > 0) said.push(`${feature}: left out ${dropped.null_key} rows with a NULL key`);
  if (dropped.null_time > 0) said.push(`${feature}: left out ${dropped.null_time} rows with a NULL time`);
  return said;
}

function unchanged({ feature, published }: Planned): BuildItem {
  const item = { feature: feature.name, outcome: "unchanged" as const, why: [] };
  return published === undefined ? item : { ...item, version: published.version };
}

function itemOf(
  { feature, change, published: before }: Planned,
  done: ReadonlyMap<string, Done>,
  errors: ReadonlyMap<string, MlforgeError>,
  published: ReadonlyMap<string, string>,
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
