import { cacheFolder } from "../cache_folder.ts";
import { MlforgeError, throwAll } from "../error.ts";
import type { Project } from "../definitions/model.ts";
import type { Built } from "../engines/task.ts";
import { suggestName } from "../nearest.ts";
import type { Meta } from "../publish/meta.ts";
import { openPublisher } from "../publish/open.ts";
import type { Batch, Publisher, Snapshot, VersionData } from "../publish/publisher.ts";
import type { StoreConfig } from "../stores/config.ts";
import { VERSION } from "../version.ts";
import { type Computable, compute, type ComputeRequest } from "./compute.ts";
import { openFingerprints } from "./fingerprint.ts";
import { copyData } from "./sync/copy.ts";
import { asRecorded } from "./sync/recorded.ts";
import { conclude, type SyncItem, type SyncReport } from "./sync/report.ts";

export interface SyncRequest extends Omit<ComputeRequest, "project" | "keepGoing"> {
  /** Loaded only where something has to be computed. */
  project(): Promise<Project>;
  store: StoreConfig;
  /** Names of published features; all by default. Unknown names are errors. */
  features?: readonly string[];
  /** This version instead of the published one. */
  version?: string;
  /** Reads every byte of the data that is here. */
  thorough?: boolean;
  /** Says what would be done, and does nothing. */
  dryRun?: boolean;
  /** Another store, whose data is taken where it has the same content. */
  from?: { name: string; store: StoreConfig };
  command: string;
}

/**
 * The story of one `mlforge sync`: finds the published versions whose data is not here, computes them again (or takes
 * them from another store), proves each against its metadata, and puts it in place. Nothing is published by it.
 *
 * A version that can't be brought back is an item with its error; the others go on.
 */
export async function sync(request: SyncRequest): Promise<SyncReport> {
  const started = performance.now();
  const tell = request.onEvent ?? (() => {});
  const notes: string[] = [];
  const note = (text: string) => {
    notes.push(text);
    tell({ kind: "note", text });
  };
  const publisher = await openPublisher(request.store, { onWait: (text) => tell({ kind: "note", text }) });
  const snapshot = await publisher.read();
  const wanted = await versionsWanted(request, publisher, snapshot);
  const items = await Promise.all(wanted.map(async (data): Promise<SyncItem> => {
    const state = await publisher.dataState(data, { thorough: request.thorough === true });
    const outcome = state === "here" ? "here" : "missing";
    return { feature: data.feature, version: data.version, state, outcome };
  }));
  const report = () => ({ items, notes, seconds: (performance.now() - started) / 1000 });
  const missing = items.filter((item) => item.outcome === "missing");
  if (missing.length === 0) {
    snapshot.notes.forEach(note);
    return report();
  }
  const batch = request.dryRun
    ? undefined
    : await publisher.begin({ tool: `mlforge ${VERSION}`, command: request.command });
  try {
    (batch?.base ?? snapshot).notes.forEach(note);
    const metas = new Map(
      await Promise.all(missing.map(async (item) => [item, await metadataOf(publisher, item)] as const)),
    );
    const copied = request.from === undefined ? [] : await copyData(metas, request.from, batch);
    const rest = new Map([...metas].filter(([item]) => !copied.includes(item)));
    if (rest.size > 0) await computeAgain(rest, request, { publisher, batch, note });
    return report();
  } finally {
    await batch?.close();
  }
}

async function versionsWanted(
  { features, version }: SyncRequest,
  publisher: Publisher,
  snapshot: Snapshot,
): Promise<VersionData[]> {
  const published = [...snapshot.features].map(([feature, { version, content_hash: contentHash }]) => ({
    feature,
    version,
    contentHash,
  }));
  if (version === undefined) {
    const names = snapshot.features.keys().toArray();
    throwAll(
      (features ?? []).filter((name) => !snapshot.features.has(name)).map((name) =>
        new MlforgeError("usage", `There is no published feature "${name}"`, {
          hint: suggestName(name, names),
        })
      ),
    );
    return published.filter(({ feature }) => features === undefined || features.includes(feature));
  }
  const asked = features ?? published.map(({ feature }) => feature);
  const metas = await Promise.all(asked.map(async (feature) => await publisher.metadata(feature, version)));
  const found = metas.filter((meta) => meta !== undefined);
  const without = asked.filter((name) => !found.some((meta) => meta.name === name));
  // Asked for by name it must be there; asked for everywhere, somewhere.
  if (without.length > 0 && (features !== undefined || found.length === 0)) {
    throw new MlforgeError("usage", `There is no version ${version} of ${without.join(", ")}`, {
      hint: "mlforge list versions FEATURE shows those there are.",
    });
  }
  return found.map(({ name: feature, content_hash: contentHash }) => ({ feature, version, contentHash }));
}

async function metadataOf(publisher: Publisher, { feature, version }: SyncItem): Promise<Meta> {
  const meta = await publisher.metadata(feature, version);
  if (meta !== undefined) return meta;
  throw new MlforgeError("failed", `The metadata of "${feature}" ${version} is missing in the store`, {
    hint: "mlforge verify says what is wrong with the store.",
  });
}

/** Rebuilds in parallel what definition and source still are as recorded for, and takes only what is proved the same. */
async function computeAgain(
  metas: ReadonlyMap<SyncItem, Meta>,
  request: SyncRequest,
  { publisher, batch, note }: { publisher: Publisher; batch: Batch | undefined; note(text: string): void },
): Promise<void> {
  const project = await request.project();
  const fingerprints = await openFingerprints(cacheFolder((name) => Deno.env.get(name)));
  const recorded = await asRecorded([...metas.values()], {
    project,
    store: request.store,
    fingerprints,
    publisher,
    to: "bring back",
  });
  const work = recorded.filter((one): one is Computable => !(one instanceof MlforgeError));
  const results = batch === undefined ? undefined : await compute(
    work,
    { ...request, project, keepGoing: true },
    batch,
  );
  await fingerprints.save();
  for (const [at, [item, meta]] of [...metas].entries()) {
    const one = recorded[at];
    const error = one instanceof MlforgeError ? one : results?.errors.get(item.feature);
    const built = results?.done.get(item.feature)?.built;
    if (error !== undefined) conclude(item, { outcome: "failed", error });
    else if (built !== undefined && batch !== undefined) {
      conclude(item, await putBack(item, meta, built, batch));
      if (item.proof === "rows") note(sameRows(meta));
    }
  }
}

async function putBack(
  item: SyncItem,
  meta: Meta,
  { contentHash: fileHash, file, rows, rowsHash, bytes }: Built,
  batch: Batch,
): Promise<Partial<SyncItem>> {
  const proof = fileHash === meta.content_hash
    ? "bytes"
    : rowsHash === meta.mlforge.rows_hash
    ? "rows"
    : undefined;
  if (proof === undefined) return { outcome: "failed", error: otherData(meta) };
  const { feature, version } = item;
  const taken = await batch.restore({ feature, version, contentHash: meta.content_hash, file, fileHash });
  if (!taken) return { outcome: "failed", error: notTaken(item) };
  return { outcome: "restored", proof, rows, bytes };
}

function sameRows({ name, version, mlforge: { engine, platform } }: Meta): string {
  return `${name}: ${version} has the same rows, in other bytes than when ${engine} on ${platform} wrote it`;
}

function otherData({ name, version, mlforge: { engine, platform } }: Meta): MlforgeError {
  return new MlforgeError("failed", `Can't bring back "${name}" ${version}: it came out with other rows`, {
    hint:
      `Its definition and source are as recorded (by ${engine}, on ${platform}), so one of them is not repeatable. ` +
      "Take the data from a store that has it with --from PROFILE, or publish what comes out now with " +
      `mlforge build --force --features ${name}.`,
  });
}

function notTaken({ feature, version, state }: SyncItem): MlforgeError {
  return state === "other"
    ? new MlforgeError(
      "failed",
      `The data of "${feature}" ${version} in the store is not what was published`,
      {
        hint: "Data in a bucket is never overwritten: delete the object, and sync again.",
      },
    )
    : new MlforgeError("failed", `Can't put the data of "${feature}" ${version} in place`, {
      hint: "The store changed meanwhile: run sync again.",
    });
}
