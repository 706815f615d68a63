import { createHash } from "node:crypto";
import { join } from "node:path";
import { MlforgeError } from "../../error.ts";
import { chunksOf } from "../../stores/chunks.ts";
import type { Meta } from "../meta.ts";
import { baseOf } from "../../stores/prefixed.ts";
import type { GcsStoreConfig, S3StoreConfig } from "../../stores/config.ts";
import type { DataObject, DataState, VersionData } from "../publisher.ts";
import { type Context, uniqueName } from "./exchange.ts";
import { save } from "../save.ts";
import { dataKey } from "./keys.ts";
import { type Keeping, trimKept, useKept } from "./kept.ts";

/**
 * A version's data as a local file, downloaded once: kept under its content's hash, and only after its bytes were checked
 * against it. Undefined where the store has no such data.
 */
export async function download(
  context: Context,
  keeping: Keeping,
  { name: feature, version, content_hash: hash, mlforge: { bytes } }: Meta,
): Promise<string | undefined> {
  const key = dataKey(feature, version);
  // Metadata of other tools may have no hash of ours: such data is downloaded every time.
  const known = /^[0-9a-f]{64}$/.test(hash);
  const { folder } = keeping;
  const file = `${known ? hash : uniqueName(context)}.parquet`;
  const path = join(folder, file);
  if (known && await useKept(folder, file, bytes)) return path;
  const got = await context.store.get(key);
  if (got === undefined) return undefined;
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const partial = join(folder, `${uniqueName(context)}.part`);
  try {
    const found = await save(got.body, partial);
    if (known && found !== hash) {
      throw new MlforgeError(
        "failed",
        `Refused the data of "${feature}" ${version}: its bytes are not those published`,
        {
          hint:
            `"${key}" was changed after it was published: restore it, or build a new version with --force.`,
        },
      );
    }
    await Deno.rename(partial, path);
    await trimKept(keeping);
  } finally {
    await Deno.remove(partial).catch(() => {});
  }
  return path;
}

/** As `Publisher.dataObject`; `folder` is the one that `download` keeps data in, if it does. */
export async function dataObject(
  { store }: Context,
  { folder, config }: { folder: string | undefined; config: S3StoreConfig | GcsStoreConfig },
  { name: feature, version, content_hash: hash, mlforge: { bytes } }: Meta,
): Promise<DataObject | undefined> {
  if (folder !== undefined && await useKept(folder, `${hash}.parquet`, bytes)) return undefined;
  const key = dataKey(feature, version);
  const head = await store.head(key);
  // Parts can't be held against the hash of the whole: that it was stored with these bytes has to do.
  if (head === undefined || head.sha256 !== hash || head.size !== bytes) return undefined;
  return { store: config, name: baseOf(config) + key, size: head.size, token: head.token };
}

/**
 * Whether a version's data is there as published: by the SHA-256 that its writer stored with it (one
 * HEAD), or, `thorough`, by reading every byte.
 */
export async function dataState(
  { store }: Context,
  { feature, version, contentHash }: VersionData,
  thorough: boolean,
): Promise<DataState> {
  const key = dataKey(feature, version);
  const known = /^[0-9a-f]{64}$/.test(contentHash);
  if (!thorough || !known) {
    const head = await store.head(key);
    if (head === undefined) return "absent";
    return !known || head.sha256 === undefined || head.sha256 === contentHash ? "here" : "other";
  }
  const got = await store.get(key);
  if (got === undefined) return "absent";
  const hash = createHash("sha256");
  for await (const chunk of chunksOf(got.body)) hash.update(chunk);
  return hash.digest("hex") === contentHash ? "here" : "other";
}
