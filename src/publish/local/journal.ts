import { MlforgeError } from "../../error.ts";
import { ifThere, readTextIfThere } from "../../stores/files.ts";
import { isKey } from "../../stores/key.ts";
import { type Meta, stableJson } from "../meta.ts";
import { parseMeta, parsePointer, VERSION } from "../read_meta.ts";
import { isFeatureName, type Layout } from "./layout.ts";

/**
 * `_mlforge/journal.json`: the last batch that was committed here. While it is `pending`, its files may not all be in
 * place yet; `done` stays there afterwards, so that a reader who looks before and after sees that a batch went by.
 * `nonce` differs between any two states of the file.
 */
export type Journal =
  | { state: "pending"; tx: string; nonce: string; command: string; at: string; changes: Change[] }
  | { state: "done"; tx: string; nonce: string };

export type Pending = Extract<Journal, { state: "pending" }>;

/** One feature of a committed batch. */
export interface Change {
  feature: string;
  /** The version that `_latest.json` named before, or null. */
  from: string | null;
  /** The version that it names from the commit on; null where the feature is retired, and has no pointer. */
  to: string | null;
  /** What comes under a new version; undefined where it is there already, or there is none. */
  fresh?: Fresh;
}

/** The files of a new version. */
export interface Fresh {
  version: string;
  /** The data file's path below the batch's folder, with "/". */
  file: string;
  meta: Meta;
  /** `.meta.json` as it is to stand there: also with fields that this mlforge does not know. */
  metaText: string;
}

const FORMAT = 1;

export function journalText(journal: Journal): string {
  if (journal.state === "done") return stableJson({ format: FORMAT, ...journal });
  const changes = journal.changes.map(({ fresh, ...change }) =>
    fresh === undefined ? change : { ...change, file: fresh.file, meta: JSON.parse(fresh.metaText) }
  );
  return stableJson({ format: FORMAT, ...journal, changes });
}

/** `text` is the file as it was: two equal texts are one moment. */
export async function readJournal(layout: Layout): Promise<{ text?: string; journal?: Journal }> {
  const text = await readTextIfThere(layout.journal);
  return text === undefined ? {} : { text, journal: parse(text, layout.journal) };
}

/**
 * Whether a pending commit still holds: each of its pointers has its old or its new version, and no other metadata
 * stands under a new version. Otherwise git (or a person) moved the tree meanwhile: it is dropped as a whole.
 */
export async function holds(layout: Layout, pending: Pending): Promise<boolean> {
  const each = await Promise.all(pending.changes.map(async ({ feature, from, to, fresh }) => {
    const pointed = await readPointer(layout, feature);
    if (pointed !== from && pointed !== to) return false;
    const there = to === null ? undefined : await readTextIfThere(layout.meta(feature, to));
    // What is new has not come yet, or as it was committed; what a rollback names was there, and still is.
    return fresh === undefined
      ? (to === null || there !== undefined)
      : (there === undefined || there === fresh.metaText);
  }));
  return each.every((fits) => fits);
}

/** The version that `_latest.json` names; null where there is none. */
export async function readPointer(layout: Layout, feature: string): Promise<string | null> {
  const path = layout.pointer(feature);
  const text = await readTextIfThere(path);
  return text === undefined ? null : parsePointer(text, path).version;
}

/** The pending commit, where one is there and still holds. */
export async function pendingCommit(layout: Layout): Promise<Pending | undefined> {
  const { journal } = await readJournal(layout);
  return journal?.state === "pending" && await holds(layout, journal) ? journal : undefined;
}

/** A new version's files in the pending commit, where it has not put them all in place yet. */
export async function committedFiles(
  layout: Layout,
  feature: string,
  version: string,
): Promise<(Fresh & { staged: string }) | undefined> {
  const pending = await pendingCommit(layout);
  const fresh = pending?.changes.find((change) => change.feature === feature)?.fresh;
  if (pending === undefined || fresh?.version !== version) return undefined;
  return { ...fresh, staged: stagedPath(layout, pending, fresh) };
}

/** Where a new version's data waits in its batch's folder. */
export function stagedPath(layout: Layout, pending: Pending, { file }: Fresh): string {
  return `${layout.transactions}/${pending.tx}/${file}`;
}

/** Whether a path is that of a file. */
export async function isFile(path: string): Promise<boolean> {
  return (await ifThere(Deno.stat(path)))?.isFile === true;
}

function parse(text: string, where: string): Journal {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw broken(where, "it is not whole JSON", cause);
  }
  const fields = new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
  const format = fields.get("format");
  if (typeof format === "number" && format > FORMAT) {
    throw new MlforgeError("failed", `Can't read ${where}: its format is ${format}, newer than ${FORMAT}`, {
      hint: "It was written by a newer mlforge: update this one.",
    });
  }
  const textOf = (name: string): string => {
    const field = fields.get(name);
    return typeof field === "string" ? field : fail(where, name);
  };
  const tx = textOf("tx");
  if (!isKey(tx) || tx.includes("/")) fail(where, "tx");
  if (textOf("state") === "done") return { state: "done", tx, nonce: textOf("nonce") };
  const changes = fields.get("changes");
  if (textOf("state") !== "pending" || !Array.isArray(changes)) fail(where, "state");
  return {
    state: "pending",
    tx,
    nonce: textOf("nonce"),
    command: textOf("command"),
    at: textOf("at"),
    changes: changes.map((change: unknown) => parseChange(change, where)),
  };
}

function parseChange(value: unknown, where: string): Change {
  const fields = new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
  const [feature, from, to, file, meta] = ["feature", "from", "to", "file", "meta"].map((name) =>
    fields.get(name)
  );
  // These become paths: what could leave its folder is refused here.
  if (typeof feature !== "string" || !isFeatureName(feature)) fail(where, "changes.feature");
  if (from !== null && (typeof from !== "string" || !VERSION.test(from))) fail(where, "changes.from");
  if (to !== null && (typeof to !== "string" || !VERSION.test(to))) fail(where, "changes.to");
  if (file === undefined || to === null) return { feature, from, to };
  if (typeof file !== "string" || !isKey(file)) fail(where, "changes.file");
  const metaText = stableJson(meta ?? null);
  const fresh = { version: to, file, metaText, meta: parseMeta(metaText, where) };
  return { feature, from, to, fresh };
}

function fail(where: string, field: string): never {
  throw broken(where, `"${field}" is wrong`);
}

function broken(where: string, why: string, cause?: unknown): MlforgeError {
  return new MlforgeError("failed", `Can't read ${where}: ${why}`, {
    hint:
      "Delete this file: each feature is then what its _latest.json names, and the next build brings it up to date.",
    cause,
  });
}
