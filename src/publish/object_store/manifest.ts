import * as v from "valibot";
import { MlforgeError } from "../../error.ts";
import { stableJson } from "../meta.ts";
import type { Published, Snapshot } from "../publisher.ts";
import { VERSION } from "../read_meta.ts";
import { MANIFEST_KEY } from "./keys.ts";

/** One feature's version that a commit made current, and whose metadata and pointer may not have followed yet. */
export interface Pending {
  tx: string;
  /** Name of the redo record under `_mlforge/tx/`. */
  record: string;
  /** Hex SHA-256 of the record. */
  digest: string;
  feature: string;
  /** Null where the feature was retired. */
  version: string | null;
  seq: number;
}

/** `_mlforge/manifest.json`, called M: what is published. Every change of it is a write that matches its token. */
export interface Manifest {
  format: 1;
  project: string | null;
  /** False until the server has shown, on M itself, that it honours conditions. */
  probed: boolean;
  /** Counts commits. */
  seq: number;
  /** Who wrote this state, and a number of its own: no two states of M have the same bytes, hence the same ETag. */
  tx: string;
  nonce: string;
  features: Map<string, Published>;
  /** Features that were retired: what was published last, with `seq` and `tx` of the retirement. */
  retired: Map<string, Published>;
  /**
   * Highest version ever committed or withdrawn. A build commits above it only: what the collector of garbage has
   * withdrawn, by raising it, can't be committed any more, and no number comes back.
   */
  top: Map<string, string>;
  /** Old versions up to this one are deleted, or about to be, unless published: no rollback goes back to them. */
  floor: Map<string, string>;
  pending: Pending[];
  /** Transactions of the latest commits, one each: how a builder learns that its lost request was applied. */
  recent: string[];
  /** Tokens of `_latest.json`, as of the last time pending was cleared. */
  pointers: Map<string, string>;
}

/** How many commits `recent` remembers. */
export const RECENT = 64;

/** The newest format of M and of redo records that this mlforge reads, and the one it writes. */
export const FORMAT = 1;

export function emptyManifest(project: string | null): Manifest {
  return {
    format: FORMAT,
    project,
    probed: false,
    seq: 0,
    tx: "",
    nonce: "",
    features: new Map(),
    retired: new Map(),
    top: new Map(),
    floor: new Map(),
    pending: [],
    recent: [],
    pointers: new Map(),
  };
}

export function manifestText(manifest: Manifest): string {
  return stableJson({
    ...manifest,
    features: Object.fromEntries(manifest.features),
    retired: Object.fromEntries(manifest.retired),
    top: Object.fromEntries(manifest.top),
    floor: Object.fromEntries(manifest.floor),
    pointers: Object.fromEntries(manifest.pointers),
  });
}

/** Parses M; a broken one, or one of a newer format, throws (code `failed`). */
export function parseManifest(text: string): Manifest {
  return parseOwn(text, MANIFEST_KEY, manifestSchema);
}

export function snapshotOf(manifest: Manifest, notes: readonly string[] = []): Snapshot {
  return {
    features: new Map(manifest.features),
    top: new Map(manifest.top),
    pending: manifest.pending.length > 0,
    notes,
  };
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const versionSchema = v.pipe(v.string(), v.regex(VERSION));

export const publishedSchema = v.strictObject({
  version: versionSchema,
  seq: count,
  tx: v.string(),
  content_hash: v.string(),
  config_hash: v.string(),
  schema_hash: v.string(),
  source_hash: v.string(),
  checks_hash: v.exactOptional(v.string()),
});

/** An object of JSON as a Map: a feature may be called `constructor`. */
export function mapSchema<T>(value: v.GenericSchema<unknown, T>) {
  return v.pipe(
    v.custom<object>((given) => typeof given === "object" && given !== null && !Array.isArray(given)),
    v.transform((given) => new Map<unknown, unknown>(Object.entries(given))),
    v.map(v.string(), value),
  );
}

const manifestSchema = v.strictObject({
  format: v.literal(FORMAT),
  project: v.nullable(v.string()),
  probed: v.boolean(),
  seq: count,
  tx: v.string(),
  nonce: v.string(),
  features: mapSchema(publishedSchema),
  retired: mapSchema(publishedSchema),
  top: mapSchema(versionSchema),
  floor: mapSchema(versionSchema),
  pending: v.array(v.strictObject({
    tx: v.string(),
    record: v.string(),
    digest: v.string(),
    feature: v.string(),
    version: v.nullable(versionSchema),
    seq: count,
  })),
  recent: v.array(v.string()),
  pointers: mapSchema(v.string()),
});

/** Parses one of mlforge's own files in the store; `key` names it in errors. */
export function parseOwn<T>(text: string, key: string, schema: v.GenericSchema<unknown, T>): T {
  const format = v.object({ format: v.number() });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw broken(key, "it is not whole JSON", cause);
  }
  if (v.is(format, value) && value.format > FORMAT) {
    throw new MlforgeError(
      "failed",
      `Can't read "${key}": its format is ${value.format}, newer than ${FORMAT}`,
      {
        hint: "It was written by a newer mlforge: update this one.",
      },
    );
  }
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw broken(key, `${v.getDotPath(issue) ?? "its top"}: ${issue.message}`);
}

function broken(key: string, what: string, cause?: unknown): MlforgeError {
  return new MlforgeError("failed", `Can't read "${key}" of the store: ${what}`, {
    hint: "Nothing but mlforge may write under _mlforge/: restore the object's last good version.",
    cause,
  });
}
