import { MlforgeError } from "../error.ts";
import { objectOf, Reader } from "./fields.ts";
import { readStatistics } from "./read_statistics.ts";
import type { Bump, ChangeSummary, Meta, MetaColumn, MetaExtra, MetaFeature, MetaSource } from "./meta.ts";

/** The metadata format that this mlforge writes, and the newest one it reads. */
const FORMAT = 1;

/** What `_latest.json` says. On a local store it holds the version only; on an object store also its commit. */
export interface Pointer {
  /** Null where the feature was retired: an object store keeps such a pointer, so that no older one comes back. */
  version: string | null;
  seq?: number;
  tx?: string;
}

/**
 * Parses `.meta.json`. `where` names the file in errors (code `failed`): text that is not whole JSON, a field that is
 * missing or of another type, a format newer than this mlforge's. Keys it doesn't know are ignored.
 *
 * Metadata that the Python mlforge (0.7) wrote has no `mlforge` key: it gets one whose `tool` is `python` and whose
 * unknown hashes are empty, so that nothing of ours ever equals them. Its buckets are stamped at their start, which
 * `stamp: "bucket_start"` tells the joins.
 */
export function parseMeta(text: string, where: string): Meta {
  const fields = objectOf(text, where, "metadata");
  const read = new Reader(fields, where);
  const own = fields.mlforge !== undefined;
  // What Python leaves out, or null, where there is nothing to say. Ours always writes every field.
  const name = read.text("name");
  const version = read.text("version");
  const timestamp = read.textOrNull("timestamp");
  const interval = read.textOrNull("interval");
  return {
    name,
    version,
    path: read.text("path", own ? undefined : `${name}/${version}/data.parquet`),
    entity: read.text("entity", own ? undefined : ""),
    keys: read.texts("keys"),
    source: read.text("source", own ? undefined : ""),
    row_count: read.count("row_count"),
    created_at: read.text("created_at", own ? undefined : ""),
    updated_at: read.text("updated_at", own ? undefined : ""),
    content_hash: read.text("content_hash", own ? undefined : ""),
    schema_hash: read.text("schema_hash", own ? undefined : ""),
    config_hash: read.text("config_hash", own ? undefined : ""),
    source_hash: read.text("source_hash", own ? undefined : ""),
    timestamp,
    interval,
    columns: read.list("columns").map(column),
    features: read.list("features").map(metric),
    tags: read.texts("tags"),
    description: read.textOrNull("description"),
    change_summary: changeSummary(read.object("change_summary")),
    mlforge: own
      ? extra(read.object("mlforge") ?? read.fail("mlforge", "an object"))
      : foreign(timestamp, interval),
  };
}

/** Parses the `.meta.json` of one version; that of another one in its place is refused too. */
export function parseMetaOf(feature: string, version: string, text: string, where: string): Meta {
  const meta = parseMeta(text, where);
  if (meta.name === feature && meta.version === version) return meta;
  throw new MlforgeError("failed", `Can't read ${where}: it is of "${meta.name}" ${meta.version}`, {
    hint: "Something was copied over it: restore it from git, or from the store's versions.",
  });
}

/** Parses `_latest.json`; errors as in `parseMeta`. */
export function parsePointer(text: string, where: string): Pointer {
  const read = new Reader(objectOf(text, where, "pointer"), where);
  const retired = read.has("retired") && !read.has("version");
  const pointer: Pointer = { version: retired ? null : read.text("version") };
  if (pointer.version !== null && !VERSION.test(pointer.version)) {
    read.fail("version", "a version such as 1.0.0");
  }
  if (read.has("seq")) pointer.seq = read.count("seq");
  if (read.has("tx")) pointer.tx = read.text("tx");
  return pointer;
}

/** Versions as folders name them: three numbers, nothing before or after them. */
export const VERSION = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/;

function column(read: Reader): MetaColumn {
  return { name: read.text("name"), dtype: read.text("dtype", "") };
}

function metric(read: Reader): MetaFeature {
  return {
    name: read.text("name"),
    dtype: read.text("dtype", ""),
    input: read.text("input", ""),
    agg: read.text("agg", ""),
    window: read.text("window", ""),
  };
}

const BUMPS: readonly Bump[] = ["first", "major", "minor", "patch", "requested"];

function changeSummary(read: Reader | undefined): ChangeSummary {
  if (read === undefined) return { bump_type: "first", reason: "", details: [] };
  const said = read.text("bump_type", "first");
  return {
    // Python says "initial" for a first build, and may come to say more: only a report reads this.
    bump_type: BUMPS.find((b) => b === said.toLowerCase()) ?? "first",
    reason: read.text("reason", ""),
    details: read.texts("details"),
  };
}

const STAMPS = ["event", "bucket_end", "bucket_start", "none"] as const;
const KINDS = ["sha256", "crc", "token"] as const;

function extra(read: Reader): MetaExtra {
  const format = read.count("format");
  if (format > FORMAT) {
    throw new MlforgeError(
      "failed",
      `Can't read ${read.where}: its format is ${format}, newer than ${FORMAT}`,
      {
        hint: "It was written by a newer mlforge: update this one.",
      },
    );
  }
  const dropped = read.object("dropped");
  const promoted = read.object("promoted");
  return {
    format: FORMAT,
    tool: read.text("tool"),
    engine: read.text("engine"),
    platform: read.text("platform"),
    tx: read.text("tx"),
    ...(promoted === undefined ? {} : { promoted: { from: promoted.text("from"), tx: promoted.text("tx") } }),
    rows_hash: read.text("rows_hash"),
    stamp: read.oneOf("stamp", STAMPS),
    watermark: read.textOrNull("watermark"),
    bytes: read.count("bytes"),
    sources: read.list("sources").map(source),
    dropped: {
      null_key: dropped?.count("null_key") ?? 0,
      null_time: dropped?.count("null_time") ?? 0,
      ...(dropped?.has("null_known_at") ? { null_known_at: dropped.count("null_known_at") } : {}),
      ...(dropped?.has("null_row_id") ? { null_row_id: dropped.count("null_row_id") } : {}),
    },
    entities: read.texts("entities"),
    owner: read.textOrNull("owner"),
    statistics: readStatistics(read.object("statistics")),
    checks_hash: read.text("checks_hash", ""),
    config_parts: read.textMap("config_parts"),
  };
}

function source(read: Reader): MetaSource {
  return {
    name: read.text("name"),
    path: read.text("path"),
    hash: read.text("hash"),
    kind: read.oneOf("kind", KINDS),
    bytes: read.count("bytes"),
    files: read.count("files"),
  };
}

function foreign(timestamp: string | null, interval: string | null): MetaExtra {
  return {
    format: FORMAT,
    tool: "python",
    engine: "",
    platform: "",
    tx: "",
    rows_hash: "",
    stamp: timestamp === null ? "none" : interval === null ? "event" : "bucket_start",
    watermark: null,
    bytes: 0,
    sources: [],
    dropped: { null_key: 0, null_time: 0 },
    entities: [],
    owner: null,
    statistics: {},
    checks_hash: "",
    config_parts: {},
  };
}
