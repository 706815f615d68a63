import { MlforgeError, throwAll } from "../../error.ts";
import type { PublishOutcome, Who } from "../publisher.ts";
import { type Change, commit, prepare } from "./commit.ts";
import type { Context } from "./exchange.ts";
import { snapshotOf } from "./manifest.ts";
import type { CommitRecord } from "./record.ts";
import type { Moment } from "./register.ts";
import { clearPending, rollForward } from "./roll.ts";

export interface Work {
  tx: string;
  /** Counts this transaction's tries, from 1: a lost one may be tried again with other changes. */
  round: number;
  who: Who;
  kind: CommitRecord["kind"];
  changes: readonly Change[];
}

export interface Concluded {
  outcome: PublishOutcome;
  /** M as the outcome saw it: what the next round starts from. */
  moment: Moment;
}

/** Record, commit, metadata, pointers, and the mark that they are done: the whole way of a batch whose data is there. */
export async function publish(context: Context, from: Moment, work: Work): Promise<Concluded> {
  if (work.changes.length === 0) {
    return { outcome: { kind: "published", snapshot: snapshotOf(from.manifest) }, moment: from };
  }
  const prepared = await prepare(context, work.tx, work.round, work.who, work.kind, work.changes);
  const committed = await commit(context, from, prepared);
  const { moment } = committed;
  const snapshot = snapshotOf(moment.manifest);
  if (committed.kind === "lost") {
    return { outcome: { kind: "lost", features: committed.features, snapshot }, moment };
  }
  try {
    const ours = moment.manifest.pending.filter((entry) => entry.tx === work.tx);
    const rolled = await rollForward(context, moment.manifest, ours, prepared);
    throwAll(rolled.violations);
    await clearPending(context, moment, work.tx, rolled).catch(ignored);
    return { outcome: { kind: "published", snapshot }, moment };
  } catch (cause) {
    // It is committed: readers of M see it. Readers of pointers will, when the next run has completed it.
    throw new MlforgeError(
      "failed",
      `Published commit ${work.tx}, but could not complete it: ${told(cause)}`,
      {
        hint: (cause instanceof MlforgeError ? cause.hint : undefined) ?? "The next build completes it.",
        cause,
      },
    );
  }
}

/** Clearing is one try: the next run does what was not done. */
function ignored(): void {}

function told(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
