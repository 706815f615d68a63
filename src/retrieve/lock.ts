import * as v from "valibot";
import { MlforgeError, throwAll } from "../error.ts";
import { parseAddress } from "../fetch/object.ts";
import { resolve } from "node:path";
import { stableJson } from "../publish/meta.ts";
import { VERSION as SEMVER } from "../publish/read_meta.ts";
import { ENGINE, VERSION } from "../version.ts";
import type { Chosen } from "./choose.ts";
import { OUTPUT_FORMATS, type OutputFormat } from "./formats.ts";
import { hashesOf, type LabelFiles } from "./label_files.ts";
import type { RetrieveRequest } from "./retrieve.ts";
import { AFTER_WATERMARK, type AfterWatermark, type Rules } from "./rules.ts";

/**
 * What a training set was made of: enough to make the same bytes again, and to name them. It stands beside the output as
 * `train.lock.json`; the output itself carries it, but its own SHA-256, in its Parquet metadata.
 */
export interface Lock {
  format: 1;
  tool: string;
  engine: string;
  /** Files in the order in which their rows count: addresses, or paths relative to the lock's folder. */
  labels: { files: { path: string; sha256: string }[]; time: string | null };
  /** Feature key -> label column. */
  keys: Record<string, string>;
  features: {
    feature: string;
    version: string;
    content_hash: string;
    /** Null: all. */
    columns: string[] | null;
    /** In seconds. */
    max_age: number | null;
  }[];
  after_watermark: AfterWatermark;
  fill: { numbers?: string | undefined; columns: Record<string, string> };
  output: { format: OutputFormat; sha256?: string | undefined };
}

const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const texts = v.record(v.string(), v.string());
const lockSchema: v.GenericSchema<unknown, Lock> = v.strictObject({
  format: v.literal(1),
  tool: v.string(),
  engine: v.string(),
  labels: v.strictObject({
    files: v.array(v.strictObject({ path: v.string(), sha256 })),
    time: v.nullable(v.string()),
  }),
  keys: texts,
  features: v.array(v.strictObject({
    feature: v.string(),
    version: v.pipe(v.string(), v.regex(SEMVER)),
    content_hash: v.string(),
    columns: v.nullable(v.array(v.string())),
    max_age: v.nullable(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
  })),
  after_watermark: v.picklist(AFTER_WATERMARK),
  fill: v.strictObject({ numbers: v.optional(v.string()), columns: texts }),
  output: v.strictObject({ format: v.picklist(OUTPUT_FORMATS), sha256: v.optional(sha256) }),
});

/** Of what is about to be retrieved, by this tool and engine; paths are relative to `folder`. */
export async function newLock(
  chosen: readonly Chosen[],
  { time, keys, afterWatermark, maxAge, fill }: Rules,
  { files, folder, format }: { files: LabelFiles; folder: string; format: Lock["output"]["format"] },
): Promise<Lock> {
  return {
    format: 1,
    tool: `mlforge ${VERSION}`,
    engine: ENGINE,
    labels: { files: await hashesOf(files, folder), time: time ?? null },
    keys: { ...keys },
    features: chosen.map(({ feature, version, meta, only }) => ({
      feature,
      version,
      content_hash: meta.content_hash,
      columns: only === undefined ? null : [...only],
      max_age: maxAge[feature] ?? null,
    })),
    after_watermark: afterWatermark,
    fill: { ...fill, columns: { ...fill.columns } },
    output: { format },
  };
}

/** What the output carries: a file can't name its own hash. */
export function embedded(lock: Lock): string {
  return stableJson({ ...lock, output: { format: lock.output.format } });
}

/** The lock as a file, beside an output of this hash. */
export function lockedText(lock: Lock, sha256: string): string {
  return stableJson({ ...lock, output: { ...lock.output, sha256 } });
}

/** The request that a lock stands for. `folder` is the lock's own; labels may lie elsewhere by now. */
export function requestOf(
  lock: Lock,
  folder: string,
): Pick<
  RetrieveRequest,
  "labels" | "features" | "time" | "format" | "keys" | "afterWatermark" | "maxAge" | "fill"
> {
  const { labels: { files, time }, features, keys, after_watermark: afterWatermark, fill, output } = lock;
  return {
    labels: files.map(({ path }) => parseAddress(path) === undefined ? resolve(folder, path) : path),
    features: features.map(({ feature, version, columns }) =>
      `${feature}@${version}${columns === null ? "" : `:${columns.join("+")}`}`
    ),
    ...(time === null ? {} : { time }),
    format: output.format,
    keys,
    afterWatermark,
    maxAge: Object.fromEntries(
      features.flatMap(({ feature, max_age }) => max_age === null ? [] : [[feature, max_age]]),
    ),
    fill: { columns: fill.columns, ...(fill.numbers === undefined ? {} : { numbers: fill.numbers }) },
  };
}

/** Throws, before anything is read, where labels or features are not what the lock names. */
export function requireSameInput(now: Lock, locked: Lock): void {
  const hashes = (lock: Lock) => lock.labels.files.map(({ sha256 }) => sha256).join(" ");
  if (hashes(now) !== hashes(locked)) {
    throw new MlforgeError("failed", "The labels are not those of the lock", {
      hint: `It names ${
        locked.labels.files.map(({ path, sha256 }) => `${path} (SHA-256 ${sha256})`).join(", ")
      }.`,
    });
  }
  throwAll(locked.features.flatMap(({ feature, version, content_hash }) => {
    const there = now.features.find((one) => one.feature === feature)?.content_hash;
    if (there === content_hash) return [];
    return new MlforgeError("failed", `"${feature}" ${version} is not the one that the lock names`, {
      hint: `Its data here has the SHA-256 ${there}, the lock's ${content_hash}: is this the same store?`,
    });
  }));
}

/** Throws where the same input gave other bytes. */
export function requireSameOutput(sha256: string, locked: Lock): void {
  if (locked.output.sha256 === undefined || locked.output.sha256 === sha256) return;
  const [tool, engine] = [`mlforge ${VERSION}`, ENGINE];
  const same = locked.tool === tool && locked.engine === engine;
  throw new MlforgeError("failed", "Retrieving again gave other bytes than the lock names", {
    hint: same
      ? "This should not happen: please report it."
      : `It was made by ${locked.tool} on ${locked.engine}; this is ${tool} on ${engine}.`,
  });
}

/** Where the lock of a training set stands: `train.lock.json` for `train.parquet`. */
export function lockBeside(output: string): string {
  return output.replace(/(\.[^./\\]*)?$/, ".lock.json");
}

export async function readLock(path: string): Promise<Lock> {
  const text = await Deno.readTextFile(path).catch((cause: unknown) => {
    throw new MlforgeError("usage", `Can't read the lock "${path}"`, {
      cause,
      hint: "Is it there, and readable?",
    });
  });
  return parseLock(text, `"${path}"`);
}

/** `where` it stands, for messages. */
export function parseLock(text: string, where: string): Lock {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw broken(where, "it is not whole JSON", cause);
  }
  const parsed = v.safeParse(lockSchema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const newer = Number(Object(value).format) > 1;
  throw newer
    ? new MlforgeError("usage", `The lock ${where} was written by a newer mlforge`, {
      hint: "Update this one.",
    })
    : broken(where, `${v.getDotPath(issue) ?? "its top"}: ${issue.message}`);
}

function broken(where: string, why: string, cause?: unknown): MlforgeError {
  return new MlforgeError("usage", `Can't read the lock ${where}: ${why}`, {
    hint: "Restore it, or retrieve anew.",
    cause,
  });
}
