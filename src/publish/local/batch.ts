import { isAbsolute, join, relative } from "node:path";
import { MlforgeError } from "../../error.ts";
import { fileError, ifThere, moveInto, sync } from "../../stores/files.ts";
import { type Held, locked } from "../../stores/lock.ts";
import type { Batch, Entry, Restoring, Snapshot, Staged, StageRequest, Who } from "../publisher.ts";
import { candidates } from "../version.ts";
import { commit } from "./commit.ts";
import { dataState, sealData } from "./data.ts";
import { isFile, readJournal } from "./journal.ts";
import { type Layout, refuseLinksOutside } from "./layout.ts";
import { removeDead, writeOwner } from "../owner.ts";
import { readMetadata, readSnapshot } from "./reading.ts";
import { recover } from "./rolling_forward.ts";

/** Under the lock: what a dead run left is completed and cleared away, and the batch gets its folder and its base. */
export async function begin(
  layout: Layout,
  who: Who,
  options: { onWait?: (text: string) => void },
): Promise<Batch> {
  const tx = newTransaction();
  const folder = join(layout.transactions, tx);
  const lock = <T>(act: (held: Held) => Promise<T>) => locking(layout, who, options, act);
  let base: Snapshot;
  try {
    await makeOwnFolder(layout);
    base = await lock(async () => {
      const notes = await recover(layout);
      await removeDead(layout.transactions);
      await Deno.mkdir(folder);
      await writeOwner(folder);
      const snapshot = await readSnapshot(layout);
      return { ...snapshot, notes: [...notes, ...snapshot.notes] };
    });
  } catch (error) {
    throw fileError("write to the store", layout.root, error);
  }
  return {
    tx,
    folder,
    base,
    async publish(entries) {
      for (const entry of entries) check(entry, folder);
      if (new Set(entries.map((entry) => entry.feature)).size < entries.length) {
        throw new MlforgeError("failed", "Refused to publish a feature twice in one batch");
      }
      if (entries.length === 0) return { kind: "published", snapshot: await readSnapshot(layout) };
      try {
        // The long part of writing: before the lock. A file that is gone is named under it.
        await Promise.all(entries.map((entry) => ifThere(sync(entry.file, "file"))));
        const { command } = who;
        return await lock((held) => commit({ layout, tx, folder, command, entries, held }));
      } catch (error) {
        throw fileError("publish to", layout.root, error);
      }
    },
    async restore(data) {
      try {
        return await lock(() => restore(layout, data));
      } catch (error) {
        throw fileError("put data back in", layout.root, error);
      }
    },
    close: () => close(layout, tx, folder),
  };
}

/** Runs `act` under the store's lock. */
export function locking<T>(
  layout: Layout,
  { command }: Who,
  options: { onWait?: (text: string) => void },
  act: (held: Held) => Promise<T>,
): Promise<T> {
  return locked({ path: layout.lock, command, ...options }, act);
}

/** Sorts by time; the random end makes it one of its kind. Neither is needed for safety. */
export function newTransaction(): string {
  const time = new Date().toISOString().replace(/[-:.]/g, "").replace("Z", "");
  return `${time}-${crypto.randomUUID().slice(0, 8)}`;
}

export async function makeOwnFolder(layout: Layout): Promise<void> {
  for (const folder of [layout.own, layout.transactions]) await refuseLinksOutside(layout, folder);
  await Deno.mkdir(layout.transactions, { recursive: true });
  const ignore = join(layout.own, ".gitignore");
  if (!await isFile(ignore)) await Deno.writeTextFile(ignore, "*\n");
}

/** What the caller has put together must fit: a mistake there would be published for good. */
function check({ feature, version, meta, contentHash, file }: Entry, folder: string): void {
  const inside = relative(folder, file);
  const fits = meta.name === feature && meta.version === version && meta.content_hash === contentHash &&
    meta.path === `${feature}/${version}/data.parquet` && !isAbsolute(inside) && !inside.startsWith("..");
  if (!fits) {
    throw new MlforgeError(
      "failed",
      `Refused to publish ${feature} ${version}: its metadata does not fit it`,
    );
  }
}

/** The data is on the store's own disk already: all there is to do is to choose its version. */
export async function stage(layout: Layout, { feature, file, wish }: StageRequest): Promise<Staged> {
  if (!await isFile(file)) {
    throw new MlforgeError("failed", `Can't stage ${feature}: there is no file "${file}"`);
  }
  for (const version of candidates(wish)) {
    if (await ifThere(Deno.lstat(layout.meta(feature, version))) === undefined) return { feature, version };
  }
  throw new MlforgeError(
    "usage",
    `Can't build ${feature} as version ${wish.requested}: there is one already`,
    {
      hint: "Ask for a higher version, or leave --version out.",
    },
  );
}

/** Under the lock: of two builds that put the same data back, one does. */
async function restore(layout: Layout, { file, fileHash, ...data }: Restoring): Promise<boolean> {
  const { feature, version, contentHash } = data;
  const meta = await readMetadata(layout, feature, version);
  if (meta?.content_hash !== contentHash) return false;
  // Read whole: its seal can't tell what was changed without size and time.
  if (await dataState(layout, data, true) === "here") return false;
  const folder = layout.versionFolder(feature, version);
  await refuseLinksOutside(layout, folder);
  await sync(file, "file");
  await moveInto(file, layout.data(feature, version));
  await sync(folder, "folder");
  await sealData(layout, data, fileHash).catch(() => {});
  return true;
}

/** Never throws. A commit that could not be put in place yet still needs the folder: the next run clears it. */
async function close(layout: Layout, tx: string, folder: string): Promise<void> {
  try {
    const { journal } = await readJournal(layout);
    if (journal?.state === "pending" && journal.tx === tx) return;
    await Deno.remove(folder, { recursive: true });
  } catch {
    // Gone, or not to be removed now: a later batch does it.
  }
}
