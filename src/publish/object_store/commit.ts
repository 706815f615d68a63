import { MlforgeError } from "../../error.ts";
import type { Meta } from "../meta.ts";
import type { Published, Who } from "../publisher.ts";
import { compareVersions, higher } from "../version.ts";
import { BUDGET, type Context, createText, newPace, sha256 } from "./exchange.ts";
import { recordKey } from "./keys.ts";
import { FORMAT, type Manifest, RECENT } from "./manifest.ts";
import { type CommitRecord, recordText } from "./record.ts";
import { type Moment, readAgain, writeMoment } from "./register.ts";

/** One feature's step to another version. */
export interface Change {
  feature: string;
  /** Undefined where the feature is retired. */
  after: Omit<Published, "seq" | "tx"> | undefined;
  /** What the plan started from: the step is made only where this is still the published one. */
  base: Published | undefined;
  /** Undefined for a rollback, whose version has it, and a retirement. */
  meta: Meta | undefined;
}

/** A batch of changes with its redo record, which is on the store before the commit. */
export interface Prepared {
  tx: string;
  changes: readonly Change[];
  name: string;
  record: CommitRecord;
  digest: string;
}

export type Committed =
  | { kind: "committed"; moment: Moment }
  | { kind: "lost"; features: string[]; moment: Moment };

/** What is to be committed by whom. */
export interface Work {
  tx: string;
  /** Counts this transaction's tries, from 1: a lost one may be tried again with other changes, and its own record. */
  round: number;
  who: Who;
  kind: CommitRecord["kind"];
  changes: readonly Change[];
}

/** Writes the redo record. */
export async function prepare(
  context: Context,
  { manifest }: Moment,
  { tx, round, who, kind, changes }: Work,
): Promise<Prepared> {
  const name = round === 1 ? tx : `${tx}.${round}`;
  const record: CommitRecord = {
    format: FORMAT,
    tx,
    at: context.clock().toISOString(),
    who,
    kind,
    features: new Map(changes.map(({ feature, base, after, meta }) => [feature, {
      before: base ?? null,
      ...(base === undefined ? { retired: manifest.retired.get(feature) } : {}),
      after: after ?? null,
      metadata: meta ?? null,
    }])),
  };
  const text = recordText(record);
  const created = await createText(context, newPace(context), recordKey(name), text);
  if (created.kind === "other") {
    throw new MlforgeError("failed", `Refused to replace "${recordKey(name)}": another run uses this name`, {
      hint: "Nothing was published; run again.",
    });
  }
  return { tx, changes, name, record, digest: sha256(text) };
}

/**
 * The commit: one write of M that matches the state it was made from. All changes become visible by it, or none.
 *
 * Lost: another commit or a collector touched one of these features since the plan; nothing is visible. Throws `lost`
 * where the budget ended and nothing is visible for certain, and `unknown_outcome` where that can't be told.
 */
export async function commit(context: Context, from: Moment, prepared: Prepared): Promise<Committed> {
  const { tx, changes } = prepared;
  const pace = newPace(context);
  let moment = from;
  let outOfTime = false;
  let unanswered: Moment | undefined;
  const settled = <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause) => {
      throw unanswered === undefined ? cause : unknownOutcome(tx, cause);
    });
  for (;;) {
    // A request whose answer was lost had been applied: our name is there, and there only by our own write.
    if (committedBy(moment.manifest, tx)) return { kind: "committed", moment };
    if (unanswered !== undefined && unanswered.token !== moment.token) {
      // M has moved on without us: what was asked of its older state can never be applied any more.
      if (moment.manifest.seq - unanswered.manifest.seq > RECENT) throw unknownOutcome(tx);
      unanswered = undefined;
    }
    const features = lostFeatures(moment.manifest, changes);
    if (features.length > 0) return { kind: "lost", features, moment };
    if (outOfTime) throw unanswered === undefined ? tooSlow() : unknownOutcome(tx);
    const written = await settled(
      writeMoment(context, moment, withChanges(context, moment.manifest, prepared)),
    );
    if (typeof written !== "string") return { kind: "committed", moment: written };
    // A conflict too: it may be an earlier attempt of this very request that stands in its way. Reading tells.
    unanswered = moment;
    outOfTime = !await pace.rest(written);
    moment = await settled(readAgain(context));
  }
}

function committedBy(manifest: Manifest, tx: string): boolean {
  const current = [...manifest.features.values(), ...manifest.retired.values()];
  return manifest.recent.includes(tx) || current.some((p) => p.tx === tx);
}

/** Features of which someone else published a version since the plan, or withdrew the one that we would name. */
function lostFeatures(manifest: Manifest, changes: readonly Change[]): string[] {
  return changes.filter(({ feature, base, after, meta }) => {
    const now = manifest.features.get(feature);
    if (now?.version !== base?.version || now?.seq !== base?.seq) return true;
    if (after === undefined) return false;
    // A build names nothing that was ever used or withdrawn, a rollback nothing that a collector has begun to delete.
    const limit = (meta === undefined ? manifest.floor : manifest.top).get(feature);
    return limit !== undefined && compareVersions(after.version, limit) <= 0;
  }).map((change) => change.feature);
}

function withChanges(
  { project }: Context,
  manifest: Manifest,
  { tx, changes, name, digest }: Prepared,
): Partial<Manifest> {
  const seq = manifest.seq + 1;
  const features = new Map(manifest.features);
  const retired = new Map(manifest.retired);
  const top = new Map(manifest.top);
  for (const { feature, base, after } of changes) {
    if (after !== undefined) {
      features.set(feature, { ...after, seq, tx });
      retired.delete(feature);
      top.set(feature, higher(top.get(feature), after.version));
    } else if (base !== undefined) {
      features.delete(feature);
      retired.set(feature, { ...base, seq, tx });
    }
  }
  return {
    seq,
    tx,
    probed: true,
    project: manifest.project ?? project ?? null,
    features,
    retired,
    top,
    pending: [
      ...manifest.pending,
      ...changes.map(({ feature, after }) => ({
        tx,
        record: name,
        digest,
        feature,
        version: after?.version ?? null,
        seq,
      })),
    ],
    recent: [...manifest.recent, tx].slice(-RECENT),
  };
}

function tooSlow(): MlforgeError {
  return new MlforgeError("lost", `Gave up committing: others were faster for ${BUDGET / 1000} seconds`, {
    hint: "Nothing was published; running again is safe.",
  });
}

function unknownOutcome(tx: string, cause?: unknown): MlforgeError {
  return new MlforgeError("unknown_outcome", `Can't tell whether commit ${tx} was published`, {
    hint:
      "The store gave no answer that settles it. Run again: the next run finds out, and completes what was begun.",
    cause,
  });
}
