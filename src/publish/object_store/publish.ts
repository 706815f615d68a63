import { MlforgeError, throwAll } from "../../error.ts";
import type { PublishOutcome } from "../publisher.ts";
import { type Change, commit, prepare, type Work } from "./commit.ts";
import type { Context } from "./exchange.ts";
import { snapshotOf } from "./manifest.ts";
import type { Moment } from "./register.ts";
import { clearPending, rollForward } from "./roll.ts";

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
  refuseTwice(work.changes);
  const prepared = await prepare(context, from, work);
  const committed = await commit(context, from, prepared);
  const { moment } = committed;
  if (committed.kind === "lost") {
    const { features } = committed;
    return { outcome: { kind: "lost", features, snapshot: snapshotOf(moment.manifest) }, moment };
  }
  const notes: string[] = [];
  const violations: MlforgeError[] = [];
  try {
    const ours = moment.manifest.pending.filter((entry) => entry.tx === work.tx);
    const rolled = await rollForward(context, moment.manifest, ours, prepared);
    violations.push(...rolled.violations);
    await clearPending(context, moment, work.tx, rolled);
  } catch (error) {
    // Readers of M see the batch already. Readers of pointers will, when the next run has completed it.
    const why = error instanceof Error ? error.message : String(error);
    notes.push(`The batch is published, but not all of it is in place: ${why}. The next build completes it.`);
  }
  throwAll(violations.map((error) => publishedBut(work.tx, error)));
  return { outcome: { kind: "published", snapshot: snapshotOf(moment.manifest, notes) }, moment };
}

function refuseTwice(changes: readonly Change[]): void {
  if (new Set(changes.map((change) => change.feature)).size === changes.length) return;
  throw new MlforgeError("failed", "Refused to publish a feature twice in one batch");
}

function publishedBut(tx: string, cause: MlforgeError): MlforgeError {
  const { code, hint, message } = cause;
  return new MlforgeError(code, `Published commit ${tx}, but could not complete it: ${message}`, {
    hint,
    cause,
  });
}
