import { MlforgeError } from "../../error.ts";
import type { Key } from "../../stores/key.ts";
import type { Token } from "../../stores/store.ts";
import { stableJson } from "../meta.ts";
import { parsePointer } from "../read_meta.ts";
import {
  type Context,
  createText,
  gaveUp,
  newPace,
  type Pace,
  readText,
  sha256,
  textBody,
} from "./exchange.ts";
import { inParallel } from "../../in_parallel.ts";
import { metadataKey, pointerKey, recordKey } from "./keys.ts";
import type { Manifest, Pending } from "./manifest.ts";
import { type CommitRecord, metadataText, parseRecord } from "./record.ts";
import { type Moment, writeMoment } from "./register.ts";

export interface Rolled {
  entries: readonly Pending[];
  /** Tokens of the pointers as they stand now, as far as they are known. */
  pointers: Map<string, Token>;
  /** Where something else wrote what was committed: that feature stops, and is not in `entries`; the others go on. */
  violations: MlforgeError[];
}

/**
 * Completes committed entries: first every version's metadata, then the pointers, so that a reader of pointers never
 * meets a version without metadata. Whoever meets them may do it, at any time, more than once, and late.
 *
 * Throws where a record is not what was committed, and where the store fails.
 */
export async function rollForward(
  context: Context,
  manifest: Manifest,
  entries: readonly Pending[],
  own?: { name: string; record: CommitRecord },
): Promise<Rolled> {
  const pace = newPace(context);
  const records = new Map<string, CommitRecord>(own === undefined ? [] : [[own.name, own.record]]);
  for (const entry of entries) {
    if (!records.has(entry.record)) records.set(entry.record, await readRecord(context, entry));
  }
  const violations: MlforgeError[] = [];
  const stopped = new Set<string>();
  const stop = (entry: Step, violation: MlforgeError) => {
    violations.push(violation);
    stopped.add(entry.feature);
  };
  await inParallel(entries, async (entry) => {
    const recorded = records.get(entry.record)?.features.get(entry.feature);
    const text = recorded === undefined ? undefined : metadataText(recorded);
    const { feature, version } = entry;
    if (text === undefined || version === null) return;
    const key = metadataKey(feature, version);
    // Another one that stands there stays.
    const put = await createText(context, pace, key, text);
    if (put.kind === "other") stop(entry, otherMetadata(entry, key));
  });
  // Of an entry that a later commit has replaced only the metadata is left to do: the pointer is the later one's. Nor
  // could it be moved: the token that M knows may be of the later pointer, and matching it would lead back.
  const current = entries.filter(({ feature, seq }) =>
    (manifest.features.get(feature) ?? manifest.retired.get(feature))?.seq === seq
  );
  const moved = await movePointers(context, manifest, current.filter(({ feature }) => !stopped.has(feature)));
  moved.violations.forEach(({ entry, violation }) => stop(entry, violation));
  return { entries: entries.filter((e) => !stopped.has(e.feature)), pointers: moved.pointers, violations };
}

/** One committed step of a feature. */
export type Step = Pick<Pending, "feature" | "version" | "seq" | "tx">;

/** Moves the pointers of entries that M names now; those that something else moved stay, and are violations. */
export async function movePointers(
  context: Context,
  manifest: Manifest,
  entries: readonly Step[],
): Promise<{ pointers: Map<string, Token>; violations: { entry: Step; violation: MlforgeError }[] }> {
  const pace = newPace(context);
  const pointers = new Map<string, Token>();
  const violations: { entry: Step; violation: MlforgeError }[] = [];
  await inParallel(entries, async (entry) => {
    const known = manifest.pointers.get(entry.feature) as Token | undefined;
    const moved = await movePointer(context, pace, entry, known);
    if (moved instanceof MlforgeError) violations.push({ entry, violation: moved });
    else if (moved !== undefined) pointers.set(entry.feature, moved);
  });
  return { pointers, violations };
}

/** Takes rolled entries out of pending. One try: where it fails, the next run does it. */
export async function clearPending(
  context: Context,
  moment: Moment,
  tx: string,
  rolled: Rolled,
): Promise<Moment | undefined> {
  const done = new Set(rolled.entries.map(identity));
  const written = await writeMoment(context, moment, {
    tx,
    pending: moment.manifest.pending.filter((entry) => !done.has(identity(entry))),
    pointers: new Map([...moment.manifest.pointers, ...rolled.pointers]),
  });
  return typeof written === "string" ? undefined : written;
}

function identity(entry: Pending): string {
  return `${entry.seq} ${entry.feature}`;
}

/** The redo record behind a pending entry, exactly as it was committed. */
export async function readRecord(context: Context, entry: Pending): Promise<CommitRecord> {
  const key = recordKey(entry.record);
  const found = await readText(context.store, key);
  if (found !== undefined && sha256(found.text) === entry.digest) {
    return parseRecord(found.text, entry.record);
  }
  throw new MlforgeError(
    "failed",
    `Can't complete commit ${entry.tx}: its record "${key}" ${
      found === undefined ? "is gone" : "was changed"
    }`,
    { hint: "Nothing but mlforge may write under _mlforge/: restore the object's first version." },
  );
}

function otherMetadata(entry: Pending, key: Key): MlforgeError {
  return new MlforgeError(
    "failed",
    `Refused to replace "${key}": it is not what commit ${entry.tx} published`,
    {
      hint: `Something else wrote it. Compare it with "${
        recordKey(entry.record)
      }", and remove it if it is wrong.`,
    },
  );
}

/** Its new token; undefined where a later commit's pointer stands there; an error where something else wrote it. */
async function movePointer(
  context: Context,
  pace: Pace,
  entry: Step,
  known: Token | undefined,
): Promise<Token | undefined | MlforgeError> {
  const key = pointerKey(entry.feature);
  const { version, seq, tx } = entry;
  // Of a retired feature one stays that names no version: were there none, a late creation could bring one back.
  const body = textBody(stableJson({ version, seq, tx, ...(version === null ? { retired: true } : {}) }));
  let current = known;
  for (;;) {
    const result = await context.store.put(
      key,
      body,
      current === undefined ? { create: true } : { match: current },
    );
    if (result.kind === "written") return result.token;
    const found = await readText(context.store, key);
    if (found !== undefined && found.token !== known) {
      const pointer = parsePointer(found.text, key);
      // A pointer without a commit's number, at a token that M does not know, was moved by something else.
      if (pointer.seq === undefined) return foreignPointer(entry, pointer.version);
      if (pointer.seq === seq) return found.token;
      // Pointers never go back to an older commit, however late a builder comes.
      if (pointer.seq > seq) return undefined;
    }
    current = found?.token;
    if (!await pace.rest(result.kind)) throw gaveUp(`writing "${key}"`);
  }
}

function foreignPointer(entry: Step, there: string | null): MlforgeError {
  const ours = entry.version ?? "none";
  return new MlforgeError(
    "failed",
    `Refused to move "${
      pointerKey(entry.feature)
    }" to ${ours}: something else than mlforge's commits moved it to ${there}`,
    {
      hint: `\`mlforge verify --adopt\` takes ${there} as published; deleting the pointer keeps ${ours}.`,
    },
  );
}
