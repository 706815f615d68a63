import * as v from "valibot";
import { type Meta, stableJson } from "../meta.ts";
import type { Published, Who } from "../publisher.ts";
import { parseMeta } from "../read_meta.ts";
import { recordKey } from "./keys.ts";
import { FORMAT, mapSchema, parseOwn, publishedSchema, versionSchema } from "./manifest.ts";

/** What a commit does to one feature. */
export interface RecordedFeature {
  before: Published | null;
  /** The commit before, where it retired the feature: the log goes on from there. */
  retired?: Published | undefined;
  /** Null where the feature is retired. */
  after: Omit<Published, "seq" | "tx"> | null;
  /** Whole, so that any later run can write it; null where the version has it already, or there is none. */
  metadata: unknown;
}

/** `_mlforge/tx/<name>.json`: written before its commit, never changed, and kept as the store's log. */
export interface CommitRecord {
  format: 1;
  tx: string;
  /** ISO 8601, UTC. For people: no decision depends on it. */
  at: string;
  who: Who;
  kind: "build" | "rollback" | "retire";
  features: Map<string, RecordedFeature>;
}

export function recordText(record: CommitRecord): string {
  return stableJson({ ...record, features: Object.fromEntries(record.features) });
}

/** Parses a redo record; a broken one, or one of a newer format, throws (code `failed`). */
export function parseRecord(text: string, name: string): CommitRecord {
  return parseOwn(text, recordKey(name), recordSchema);
}

/** The recorded metadata, parsed: undefined for a rollback or a retirement. */
export function metadataOf(recorded: RecordedFeature, where: string): Meta | undefined {
  return recorded.metadata === null ? undefined : parseMeta(stableJson(recorded.metadata), where);
}

/** The bytes of `.meta.json`: as recorded, also what this mlforge does not know. */
export function metadataText(recorded: RecordedFeature): string | undefined {
  return recorded.metadata === null ? undefined : stableJson(recorded.metadata);
}

const recordSchema = v.strictObject({
  format: v.literal(FORMAT),
  tx: v.string(),
  at: v.string(),
  who: v.strictObject({ tool: v.string(), command: v.string() }),
  kind: v.picklist(["build", "rollback", "retire"]),
  features: mapSchema(v.strictObject({
    before: v.nullable(publishedSchema),
    retired: v.optional(publishedSchema),
    after: v.nullable(v.strictObject({
      version: versionSchema,
      content_hash: v.string(),
      config_hash: v.string(),
      schema_hash: v.string(),
      source_hash: v.string(),
      checks_hash: v.exactOptional(v.string()),
    })),
    metadata: v.unknown(),
  })),
});
