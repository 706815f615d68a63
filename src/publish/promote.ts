import { join } from "node:path";
import { MlforgeError } from "../error.ts";
import type { StoreConfig } from "../stores/config.ts";
import type { Meta } from "./meta.ts";
import { inParallel } from "../in_parallel.ts";
import { findVersions, type VersionToPromote } from "./promote/find.ts";
import { judge } from "./promote/judge.ts";
import type { Batch, Entry, Publisher, Snapshot, Who } from "./publisher.ts";
import { publishInRounds } from "./rounds.ts";
import { save } from "./save.ts";

export interface PromoteRequest {
  source: Publisher;
  /** What `source` is on: a server that has both stores can copy by itself. */
  sourceStore: StoreConfig;
  target: Publisher;
  /** The profiles' names: for messages, and `from` for the metadata too. */
  from: string;
  to: string;
  /** Without a version: the one that is published in the source. */
  features: readonly { name: string; version?: string }[];
  who: Who;
  /** Aborted with the MlforgeError to end with. */
  signal?: AbortSignal;
  onEvent?: (event: PromoteEvent) => void;
}

/** Told while versions are brought over, for whoever shows progress. */
export type PromoteEvent =
  | { kind: "started"; feature: string }
  /** `sent` is how many of the `bytes` have come in this phase. */
  | { kind: "progress"; feature: string; phase: "fetching" | "storing"; sent?: number; bytes?: number }
  | { kind: "brought"; feature: string; version: string; bytes: number; seconds: number };

/** What promoting does, or would do, with one feature. */
export interface PromoteItem {
  feature: string;
  version: string;
  outcome: "promoted" | "unchanged";
  /** What is published in the target before, if anything. */
  previous?: string;
  rows: number;
  bytes: number;
}

export interface PromoteReport {
  items: PromoteItem[];
  /** The target's transaction; undefined where there was nothing to do. */
  tx?: string;
  notes: readonly string[];
}

/** Files brought over at once: each may have several parts on their way. */
const AT_ONCE = 4;

/** What `promote` would do now; what it would refuse throws. Writes nothing. */
export async function planPromote(request: PromoteRequest): Promise<PromoteItem[]> {
  const versions = await findVersions(request);
  const now = await request.target.read();
  await judge(versions, request, now);
  return versions.map((version) => itemOf(version, now));
}

/**
 * Brings versions from one store into another as they are: the same bytes under the same numbers, nothing computed. All
 * of them become the published ones in one commit, or none. Nothing is done where they are published there already.
 *
 * Refused, all refusals at once (code `failed`): a number that the target has with other content, or has gone past.
 */
export async function promote(request: PromoteRequest): Promise<PromoteReport> {
  const { target, who, signal } = request;
  const versions = await findVersions(request);
  const now = await target.read();
  const outlook = await judge(versions, request, now);
  // A dead run's commit is completed also where there is nothing else to do.
  if (outlook.length === 0 && !now.pending) {
    return { items: versions.map((version) => itemOf(version, now)), notes: now.notes };
  }
  const batch = await target.begin(who, { from: now });
  try {
    const { base } = batch;
    const open = await judge(versions, request, base);
    const entries: Entry[] = [];
    await inParallel(open, async (version) => {
      signal?.throwIfAborted();
      entries.push({ ...await bring(version, batch, request), base: base.features.get(version.feature) });
    }, AT_ONCE);
    signal?.throwIfAborted();
    const published = await publishInRounds(batch, entries, async (entry, snapshot) => {
      const again = await judge(versions.filter((one) => one.feature === entry.feature), request, snapshot);
      return again.length === 0 ? undefined : { ...entry, base: snapshot.features.get(entry.feature) };
    });
    const items = versions.map((version) => itemOf(version, base));
    const notes = [...base.notes, ...published.notes];
    return published.versions.size === 0 ? { items, notes } : { items, notes, tx: batch.tx };
  } finally {
    await batch.close();
  }
}

/** Puts a version's data into the target under its number: copied by the server where it has both, else by way of here. */
async function bring(
  version: VersionToPromote,
  batch: Batch,
  request: PromoteRequest,
): Promise<Omit<Entry, "base">> {
  const { target, sourceStore, from, onEvent = () => {} } = request;
  const { feature, meta } = version;
  const { content_hash: contentHash, mlforge: { bytes } } = meta;
  const start = performance.now();
  onEvent({ kind: "started", feature });
  const wish = { bump: "requested" as const, requested: meta.version };
  const staging = { tx: batch.tx, feature, bytes, contentHash, wish };
  const file = join(batch.folder, `${feature}.parquet`);
  if (await target.stageCopy?.({ ...staging, from: sourceStore }) === undefined) {
    await fetchData(version, file, request);
    const stored = counting((sent) => onEvent({ kind: "progress", feature, phase: "storing", sent, bytes }));
    await target.stage({ ...staging, file, onSent: stored });
  }
  const seconds = (performance.now() - start) / 1000;
  onEvent({ kind: "brought", feature, version: meta.version, bytes, seconds });
  return { feature, version: meta.version, file, contentHash, meta: metaFor(batch, meta, from) };
}

/** Fetches a version's data into a file, checked by its hash. */
async function fetchData(
  version: VersionToPromote,
  file: string,
  { source, from, signal, onEvent = () => {} }: PromoteRequest,
): Promise<void> {
  const { feature, meta: { version: number, content_hash, mlforge: { bytes } } } = version;
  const data = await source.openData(feature, number);
  if (data === undefined) throw gone(version, from);
  const fetched = counting((sent) => onEvent({ kind: "progress", feature, phase: "fetching", sent, bytes }));
  const found = await save(data.body, file, (more) => {
    signal?.throwIfAborted();
    fetched(more);
  });
  if (found !== content_hash) throw otherBytes(version, from);
}

/** Adds up, and tells the sum. */
function counting(tell: (sum: number) => void): (more: number) => void {
  let sum = 0;
  return (more) => tell(sum += more);
}

/** What the version is stays as it is; what is new is the commit that it has in the target, and where it came from. */
function metaFor({ tx }: Batch, meta: Meta, from: string): Meta {
  const promoted = { from, tx: meta.mlforge.tx };
  return { ...meta, updated_at: new Date().toISOString(), mlforge: { ...meta.mlforge, tx, promoted } };
}

function itemOf({ feature, meta }: VersionToPromote, before: Snapshot): PromoteItem {
  const previous = before.features.get(feature)?.version;
  return {
    feature,
    version: meta.version,
    outcome: previous === meta.version ? "unchanged" : "promoted",
    ...(previous === undefined ? {} : { previous }),
    rows: meta.row_count,
    bytes: meta.mlforge.bytes,
  };
}

function gone({ feature, meta }: VersionToPromote, from: string): MlforgeError {
  return new MlforgeError("failed", `The data of "${feature}" ${meta.version} is not in "${from}"`, {
    hint: "On a local store, mlforge sync puts it there.",
  });
}

function otherBytes({ feature, meta }: VersionToPromote, from: string): MlforgeError {
  return new MlforgeError(
    "failed",
    `Refused to promote "${feature}" ${meta.version}: its bytes in "${from}" are not those that were published`,
    {
      hint: "Promote from the store it was built in; mlforge verify says more of what is in this one.",
    },
  );
}
