import { MlforgeError } from "../error.ts";
import type { Batch, Entry, Snapshot } from "./publisher.ts";

/** How often a batch that lost against another builder is planned again. */
const ROUNDS = 3;

/**
 * Makes the entries visible as one. Where someone else published one of these features meanwhile, that feature alone is
 * judged by `again` on what is published now: another entry for it, or undefined where nothing is left to do. After three
 * rounds all has lost (code `lost`), with nothing published. Gives feature -> version of what was published.
 */
export async function publishInRounds(
  batch: Batch,
  entries: readonly Entry[],
  again: (entry: Entry, snapshot: Snapshot) => Promise<Entry | undefined>,
): Promise<{ versions: Map<string, string>; notes: string[] }> {
  const notes: string[] = [];
  let open = entries.slice();
  for (let round = 0; round < ROUNDS && open.length > 0; round++) {
    const outcome = await batch.publish(open);
    if (outcome.kind === "published") {
      notes.push(...outcome.snapshot.notes);
      return { versions: new Map(open.map((entry) => [entry.feature, entry.version])), notes };
    }
    const lost = new Set(outcome.features);
    const renewed: Entry[] = [];
    for (const entry of open.filter((e) => lost.has(e.feature))) {
      const next = await again(entry, outcome.snapshot);
      if (next !== undefined) renewed.push(next);
      else notes.push(`${entry.feature}: another builder published the same meanwhile`);
    }
    open = [...open.filter((entry) => !lost.has(entry.feature)), ...renewed];
  }
  if (open.length === 0) return { versions: new Map(), notes };
  const names = open.map((e) => e.feature).join(", ");
  throw new MlforgeError("lost", `Other builders published ${names} again and again`, {
    hint: "Nothing of this was published; it is safe to run it again.",
  });
}
