import { MlforgeError } from "../error.ts";
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

type Fields = Record<string, unknown>;

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
    },
    entities: read.texts("entities"),
    owner: read.textOrNull("owner"),
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
    config_parts: {},
  };
}

function objectOf(text: string, where: string, what: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    if (/^<{7}/m.test(text)) throw inConflict(where, cause);
    throw new MlforgeError("failed", `Can't read ${where}: it is not whole JSON`, {
      hint: `This ${what} is cut short. Restore it from git, or delete the feature's folder and build again.`,
      cause,
    });
  }
  if (!isFields(value)) throw wrong(where, "its top", "an object");
  return value;
}

function inConflict(where: string, cause: unknown): MlforgeError {
  return new MlforgeError("failed", `Can't read ${where}: a merge left its conflict in it`, {
    hint: "Take one side whole, git checkout --ours (or --theirs) with this file, and git add it. " +
      "mlforge build then publishes what the merged definitions and sources give.",
    cause,
  });
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(where: string, field: string, wanted: string): MlforgeError {
  return new MlforgeError("failed", `Can't read ${where}: ${field} is not ${wanted}`, {
    hint: "Restore the file from git, or delete the feature's folder and build again.",
  });
}

/** One JSON object, read field by field; `path` is where it stands in its file. */
class Reader {
  constructor(readonly fields: Fields, readonly where: string, readonly path = "") {}

  fail(field: string, wanted: string): never {
    throw wrong(this.where, `"${this.path}${field}"`, wanted);
  }

  has(field: string): boolean {
    return Object.hasOwn(this.fields, field) && this.fields[field] !== null;
  }

  text(field: string, absent?: string): string {
    const value = this.has(field) ? this.fields[field] : absent;
    return typeof value === "string" ? value : this.fail(field, "a text");
  }

  textOrNull(field: string): string | null {
    return this.has(field) ? this.text(field) : null;
  }

  count(field: string): number {
    const value = this.fields[field];
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
      ? value
      : this.fail(field, "a whole number");
  }

  oneOf<T extends string>(field: string, values: readonly T[]): T {
    const said = this.text(field);
    return values.find((v) => v === said) ?? this.fail(field, `one of ${values.join(", ")}`);
  }

  texts(field: string): string[] {
    if (!this.has(field)) return [];
    const value = this.fields[field];
    if (!Array.isArray(value) || !value.every((v) => typeof v === "string")) {
      this.fail(field, "a list of texts");
    }
    return value;
  }

  textMap(field: string): Record<string, string> {
    const inner = this.object(field);
    if (inner === undefined) return {};
    return Object.fromEntries(Object.keys(inner.fields).map((name) => [name, inner.text(name)]));
  }

  object(field: string): Reader | undefined {
    if (!this.has(field)) return undefined;
    const value = this.fields[field];
    return isFields(value)
      ? new Reader(value, this.where, `${this.path}${field}.`)
      : this.fail(field, "an object");
  }

  list(field: string): Reader[] {
    if (!this.has(field)) return [];
    const value = this.fields[field];
    if (!Array.isArray(value)) this.fail(field, "a list");
    return value.map((item: unknown, at) =>
      isFields(item)
        ? new Reader(item, this.where, `${this.path}${field}[${at}].`)
        : this.fail(`${field}[${at}]`, "an object")
    );
  }
}
