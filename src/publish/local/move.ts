import { join } from "node:path";
import { dataNotHere, neverPublished } from "../data_not_here.ts";
import { fileError } from "../../stores/files.ts";
import type { Move, Snapshot, Who } from "../publisher.ts";
import { locking, makeOwnFolder, newTransaction } from "./batch.ts";
import { carryOut, newPending, withNotes } from "./commit.ts";
import { dataState } from "./data.ts";
import type { Change } from "./journal.ts";
import type { Layout } from "./layout.ts";
import { readMetadata, readSnapshot } from "./reading.ts";
import { recover, stageTexts } from "./rolling_forward.ts";

/** Other versions, or none, become the published ones, by one journal that moves pointers only. */
export async function move(
  layout: Layout,
  moves: readonly Move[],
  who: Who,
  options: { onWait?: (text: string) => void },
): Promise<Snapshot> {
  try {
    await makeOwnFolder(layout);
    return await locking(layout, who, options, async (held) => {
      const notes = await recover(layout);
      const now = await readSnapshot(layout);
      const changes: Change[] = [];
      for (const { feature, version: to } of moves) {
        const from = now.features.get(feature)?.version ?? null;
        if (from === to) continue;
        if (to !== null) await refuseMissing(layout, feature, to, now);
        changes.push({ feature, from, to });
      }
      if (changes.length === 0) return withNotes(now, notes);
      const pending = newPending(newTransaction(), who.command, changes);
      const folder = join(layout.transactions, pending.tx);
      const undo = () => Deno.remove(folder, { recursive: true }).catch(() => {});
      const snapshot = await carryOut(layout, held, pending, {
        prepare: async () => {
          await Deno.mkdir(folder);
          await stageTexts(layout, pending);
        },
        undo,
      });
      if (!snapshot.pending) await undo();
      return withNotes(snapshot, notes);
    });
  } catch (error) {
    throw fileError("write to the store", layout.root, error);
  }
}

async function refuseMissing(layout: Layout, feature: string, version: string, now: Snapshot): Promise<void> {
  const meta = await readMetadata(layout, feature, version);
  if (meta === undefined) throw neverPublished(feature, version);
  const data = { feature, version, contentHash: meta.content_hash };
  if (await dataState(layout, data, false) !== "here") throw dataNotHere(feature, version, now);
}
