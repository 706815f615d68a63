import { MlforgeError } from "../../error.ts";
import type { Key } from "../../stores/key.ts";
import type { Body, PutResult } from "../../stores/store.ts";
import type { Restoring, StageCopyRequest, Staged, StageRequest } from "../publisher.ts";
import { candidates } from "../version.ts";
import { type Context, gaveUp, newPace } from "./exchange.ts";
import { dataKey } from "./keys.ts";
import { readMetadata } from "./read.ts";

/** Puts a data file under the first version that is free, or holds these very bytes already. */
export async function stage(context: Context, request: StageRequest): Promise<Staged> {
  const { feature, file, bytes, contentHash, wish, onSent } = request;
  const body = { file, size: bytes, sha256: contentHash, ...(onSent === undefined ? {} : { onSent }) };
  let occupied = false;
  for (const version of candidates(wish)) {
    // Where one number is taken the next ones may be too: from then on it is looked before anything is uploaded.
    const there = occupied ? await context.store.head(dataKey(feature, version)) : undefined;
    if (there !== undefined && there.sha256 !== contentHash) continue;
    if (await putData(context, feature, version, body)) return { feature, version };
    occupied = true;
  }
  throw taken(feature, wish.requested);
}

/** As `stage`, where the store's server has the data in another place and copies it by itself. */
export async function stageCopy(
  context: Context,
  { feature, bytes, contentHash, wish, from }: StageCopyRequest,
): Promise<Staged | undefined> {
  const { store } = context;
  if (from.kind === "local" || store.copy === undefined) return undefined;
  const [version = wish.requested] = candidates(wish);
  const key = dataKey(feature, version);
  const body = { size: bytes, sha256: contentHash };
  const there = await writeData(context, key, contentHash, () => store.copy?.(key, from, body));
  if (there === false) throw taken(feature, version);
  return there === undefined ? undefined : { feature, version };
}

function taken(feature: string, version: string | undefined): MlforgeError {
  return new MlforgeError("usage", `Refused version "${version}" of ${feature}: it is taken`, {
    hint: "Data of another build stands there. Ask for a higher version.",
  });
}

/** Puts published data that something deleted back in place. Other bytes there are damage, and stay as they are. */
export async function restore(context: Context, { file, fileHash, ...data }: Restoring): Promise<boolean> {
  const { feature, version, contentHash } = data;
  // Readers of a bucket compare with the published hash.
  if (fileHash !== undefined && fileHash !== contentHash) return false;
  const meta = await readMetadata(context, feature, version);
  if (meta?.content_hash !== contentHash) return false;
  if (await context.store.head(dataKey(feature, version)) !== undefined) return false;
  const { size } = await Deno.stat(file);
  return await putData(context, feature, version, { file, size, sha256: contentHash });
}

/** False where the version holds other data. */
async function putData(context: Context, feature: string, version: string, body: Body): Promise<boolean> {
  const key = dataKey(feature, version);
  return await writeData(context, key, body.sha256, () => context.store.put(key, body, { create: true })) ===
    true;
}

/**
 * Whether a key holds data of this hash, by `write` or before it; undefined where `write` can't. What is there is never
 * overwritten, published or not.
 */
async function writeData(
  context: Context,
  key: Key,
  sha256: string,
  write: () => Promise<PutResult | undefined> | undefined,
): Promise<boolean | undefined> {
  const pace = newPace(context);
  for (;;) {
    const result = await write();
    if (result === undefined) return undefined;
    if (result.kind === "written") return true;
    const head = await context.store.head(key);
    if (head !== undefined) return head.sha256 === sha256;
    const cause = result.kind === "unknown" ? result.cause : undefined;
    if (!await pace.rest(result.kind)) throw gaveUp(`writing "${key}"`, cause);
  }
}
