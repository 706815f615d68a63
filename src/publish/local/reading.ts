import { MlforgeError } from "../../error.ts";
import { fileError, readTextIfThere } from "../../stores/files.ts";
import type { Meta } from "../meta.ts";
import type { Published, Snapshot } from "../publisher.ts";
import { parseMetaOf, VERSION } from "../read_meta.ts";
import {
  type Change,
  committedFiles,
  holds,
  isFile,
  type Pending,
  pendingCommit,
  readJournal,
  readPointer,
} from "./journal.ts";
import { isFeatureName, type Layout } from "./layout.ts";
import { registerEntry } from "../register_entry.ts";

/**
 * All features out of one moment. The journal is read before and after: where it changed, a batch went by, and what was
 * read may be of two moments. A pending commit stands in for the pointers that it has not moved yet. `metas` takes the
 * metadata read on the way, by feature: of the same moment.
 */
export async function readSnapshot(layout: Layout, metas = new Map<string, Meta>()): Promise<Snapshot> {
  for (;;) {
    metas.clear();
    const before = await readJournal(layout);
    const pending = before.journal?.state === "pending" ? before.journal : undefined;
    const snapshot = await collect(layout, pending, metas)
      .catch((error: unknown) => fileError("read", layout.root, error));
    if (await readTextIfThere(layout.journal) !== before.text) continue;
    if (snapshot instanceof Error) throw snapshot;
    return snapshot;
  }
}

async function collect(
  layout: Layout,
  journal: Pending | undefined,
  metas: Map<string, Meta>,
): Promise<Snapshot> {
  const notes: string[] = [];
  let pending = journal;
  if (journal !== undefined && !await holds(layout, journal)) {
    pending = undefined;
    notes.push(movedNote(journal, "is left out, and the next build drops it"));
  }
  const committed = new Map(pending?.changes.map((change) => [change.feature, change]));
  const names = new Set([...await featureFolders(layout), ...committed.keys()]);
  const features = new Map<string, Published>();
  const top = new Map<string, string>();
  await Promise.all([...names].map(async (feature) => {
    const change = committed.get(feature);
    const [meta, versions] = await Promise.all([
      change === undefined ? readPublished(layout, feature) : committedMeta(layout, change),
      versionFolders(layout, feature),
    ]);
    const published = meta === undefined ? undefined : publishedOf(meta);
    if (meta !== undefined) metas.set(feature, meta);
    if (published !== undefined) features.set(feature, published);
    const highest = await highestVersion(layout, feature, versions, published?.version);
    if (highest !== undefined) top.set(feature, highest);
  }));
  // Reads end in any order; what is shown does not depend on it.
  return { features: inOrder(features), top: inOrder(top), pending: journal !== undefined, notes };
}

/** The metadata of what a pending change makes the published version. */
async function committedMeta(layout: Layout, { feature, to, fresh }: Change): Promise<Meta | undefined> {
  if (fresh !== undefined) return fresh.meta;
  return to === null ? undefined : await readMeta(layout, feature, to);
}

/** What a person is told about a commit that git made void. */
export function movedNote(pending: Pending, what: string): string {
  const names = pending.changes.map((change) => change.feature).join(", ");
  return `The files of ${names} were changed (by git?) after an interrupted "${pending.command}": its commit ${what}`;
}

export function publishedOf(meta: Meta): Published {
  return { ...registerEntry(meta), seq: 0, tx: meta.mlforge.tx };
}

async function readPublished(layout: Layout, feature: string): Promise<Meta | undefined> {
  const version = await readPointer(layout, feature);
  if (version === null) return undefined;
  const meta = await readMeta(layout, feature, version);
  if (meta !== undefined) return meta;
  throw new MlforgeError(
    "failed",
    `Can't read ${layout.pointer(feature)}: it names version ${version}, which has no metadata`,
    {
      hint: `Restore ${
        layout.meta(feature, version)
      } from git, or delete the feature's folder and build again.`,
    },
  );
}

async function readMeta(layout: Layout, feature: string, version: string): Promise<Meta | undefined> {
  const path = layout.meta(feature, version);
  const text = await readTextIfThere(path);
  return text === undefined ? undefined : parseMetaOf(feature, version, text, path);
}

/** A version's metadata, also where its commit has not put it in place yet. */
export async function readMetadata(
  layout: Layout,
  feature: string,
  version: string,
): Promise<Meta | undefined> {
  const read = async () => await readMeta(layout, feature, version);
  // Placed between the two looks: looked at again.
  return await read() ?? (await committedFiles(layout, feature, version))?.meta ?? await read();
}

/** All versions with metadata, ascending. */
export async function readVersions(layout: Layout, feature: string): Promise<string[]> {
  const pending = await pendingCommit(layout);
  const there = await versionFolders(layout, feature);
  const found = new Set<string>();
  await Promise.all(there.map(async (version) => {
    if (await isFile(layout.meta(feature, version))) found.add(version);
  }));
  const fresh = pending?.changes.find((change) => change.feature === feature)?.fresh;
  if (fresh !== undefined) found.add(fresh.version);
  return [...found].sort(compareVersions);
}

export async function featureFolders(layout: Layout): Promise<string[]> {
  return (await namesIn(layout.root)).filter(isFeatureName);
}

export async function versionFolders(layout: Layout, feature: string): Promise<string[]> {
  return (await namesIn(layout.featureFolder(feature))).filter((name) => VERSION.test(name));
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) if (!entry.isFile) names.push(entry.name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
  }
  return names;
}

/** Folders may stand there without metadata (data that git left behind): they count for nothing. */
async function highestVersion(layout: Layout, feature: string, folders: string[], published?: string) {
  for (const version of folders.sort(compareVersions).reverse()) {
    if (published !== undefined && compareVersions(version, published) <= 0) break;
    if (await isFile(layout.meta(feature, version))) return version;
  }
  return published;
}

/** By number, as semver orders versions without suffixes; its library is too slow to import for a mere list. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (const at of [0, 1, 2]) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function inOrder<T>(map: Map<string, T>): Map<string, T> {
  return new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
