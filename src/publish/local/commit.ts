import { relative } from "node:path";
import { MlforgeError } from "../../error.ts";
import { fileError, ifThere, readTextIfThere, sync } from "../../stores/files.ts";
import type { Held } from "../../stores/lock.ts";
import { stableJson } from "../meta.ts";
import type { Entry, Published, PublishOutcome, Snapshot } from "../publisher.ts";
import { type Change, isFile, journalText, type Pending } from "./journal.ts";
import { type Layout, refuseLinksOutside } from "./layout.ts";
import { readSnapshot } from "./reading.ts";
import { recover, replaceJournal, rollForward, stageTexts } from "./rolling_forward.ts";

export interface Committing {
  layout: Layout;
  tx: string;
  /** The batch's folder. */
  folder: string;
  command: string;
  entries: readonly Entry[];
  held: Held;
}

/** One commit, under the lock: all entries become visible at the journal's rename, or none. */
export async function commit(committing: Committing): Promise<PublishOutcome> {
  const { layout, entries, held } = committing;
  const notes = await recover(layout);
  const now = await readSnapshot(layout);
  const features = entries.filter((entry) => !isSame(now.features.get(entry.feature), entry.base))
    .map((entry) => entry.feature);
  if (features.length > 0) return { kind: "lost", features, snapshot: withNotes(now, notes) };

  const made: string[] = [];
  const snapshot = await carryOut(layout, held, pendingOf(committing, now), {
    prepare: (pending) => prepare(layout, committing, pending, made),
    undo: async () => {
      for (const folder of made.reverse()) await Deno.remove(folder).catch(() => {});
    },
  });
  return { kind: "published", snapshot: withNotes(snapshot, notes) };
}

/**
 * Makes a batch visible, under the lock: what can fail comes first (`prepare`, and `undo` where it did), then the
 * journal, which is the commit, then all is put in place.
 */
export async function carryOut(
  layout: Layout,
  held: Held,
  pending: Pending,
  { prepare, undo }: { prepare(pending: Pending): Promise<void>; undo(): Promise<void> },
): Promise<Snapshot> {
  const notes: string[] = [];
  let committed = false;
  try {
    await prepare(pending);
    if (!await held.stillOurs()) {
      throw new MlforgeError("failed", `Can't publish to "${layout.root}": its lock was deleted meanwhile`, {
        hint: "Something removed _mlforge while this build was running. Run it again.",
      });
    }
    await replaceJournal(layout, journalText(pending), () => committed = true);
  } catch (error) {
    if (committed) throw notSure(layout, error);
    await undo();
    throw fileError("publish to", layout.root, error);
  }
  // From here on the batch is published. What can't be put in place now, the next run puts there.
  try {
    await rollForward(layout, pending);
  } catch (error) {
    const { message } = fileError("write to", layout.root, error);
    notes.push(
      `The batch is published, but not all of it is in place: ${message}. The next build completes it.`,
    );
  }
  return withNotes(await readSnapshot(layout), notes);
}

/** The hashes too: git may have brought another version of the same number. */
function isSame(now: Published | undefined, base: Published | undefined): boolean {
  if (now === undefined || base === undefined) return now === base;
  return now.version === base.version && now.tx === base.tx && now.content_hash === base.content_hash &&
    now.config_hash === base.config_hash;
}

function pendingOf({ tx, folder, command, entries }: Committing, now: Snapshot): Pending {
  const changes = entries.map((entry): Change => ({
    feature: entry.feature,
    from: now.features.get(entry.feature)?.version ?? null,
    to: entry.version,
    fresh: {
      version: entry.version,
      file: relative(folder, entry.file).replaceAll("\\", "/"),
      meta: entry.meta,
      metaText: stableJson(entry.meta),
    },
  }));
  return newPending(tx, command, changes);
}

export function newPending(tx: string, command: string, changes: Change[]): Pending {
  return { state: "pending", tx, nonce: crypto.randomUUID(), command, at: new Date().toISOString(), changes };
}

/** All that can fail without harm, before the commit: refusals, folders, small files. `made` are the new folders. */
async function prepare(
  layout: Layout,
  { folder }: Committing,
  pending: Pending,
  made: string[],
): Promise<void> {
  for (const { feature, fresh } of pending.changes) {
    if (fresh === undefined) continue;
    const { version: to, file, metaText } = fresh;
    if (!await isFile(`${folder}/${file}`)) {
      throw new MlforgeError(
        "failed",
        `Can't publish ${feature} ${to}: its data is not in ${folder} any more`,
        {
          hint: "Something cleared the store's working folder while this build was running. Run it again.",
        },
      );
    }
    const there = await readTextIfThere(layout.meta(feature, to));
    if (there !== undefined && there !== metaText) {
      throw new MlforgeError(
        "failed",
        `Refused to publish ${feature} ${to}: another ${to} is published already`,
        {
          hint: "A published version never changes. Build again: the next free version is taken.",
        },
      );
    }
    for (const place of [layout.featureFolder(feature), layout.versionFolder(feature, to)]) {
      await refuseLinksOutside(layout, place);
      if (await ifThere(Deno.stat(place)) !== undefined) continue;
      await Deno.mkdir(place);
      made.push(place);
    }
  }
  await stageTexts(layout, pending);
  await sync(folder, "folder");
}

function notSure(layout: Layout, cause: unknown): MlforgeError {
  return new MlforgeError(
    "unknown_outcome",
    `Can't tell whether the batch is published in "${layout.root}"`,
    {
      hint: "The disk did not confirm the commit. Run again: what was committed is completed then.",
      cause,
    },
  );
}

export function withNotes(snapshot: Snapshot, notes: readonly string[]): Snapshot {
  return { ...snapshot, notes: [...notes, ...snapshot.notes] };
}
