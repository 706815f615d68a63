import { MlforgeError } from "../../error.ts";
import type { Body } from "../../stores/store.ts";
import type { Restoring, Staged, StageRequest } from "../publisher.ts";
import { candidates } from "../version.ts";
import { type Context, gaveUp, newPace } from "./exchange.ts";
import { dataKey } from "./keys.ts";
import { readMetadata } from "./read.ts";

/** Puts a data file under the first version that is free, or holds these very bytes already. */
export async function stage(context: Context, request: StageRequest): Promise<Staged> {
  const { feature, file, bytes, contentHash, wish, onSent } = request;
  const body = { file, size: bytes, sha256: contentHash, ...(onSent === undefined ? {} : { onSent }) };
  for (const version of candidates(wish)) {
    if (await putData(context, feature, version, body)) return { feature, version };
  }
  throw new MlforgeError("usage", `Refused version "${wish.requested}" of ${feature}: it is taken`, {
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

/** False where the version holds other data. What is there is never overwritten, published or not. */
async function putData(
  context: Context,
  feature: string,
  version: string,
  body: Body,
): Promise<boolean> {
  const key = dataKey(feature, version);
  const pace = newPace(context);
  for (;;) {
    const result = await context.store.put(key, body, { create: true });
    if (result.kind === "written") return true;
    const head = await context.store.head(key);
    if (head !== undefined) return head.sha256 === body.sha256;
    const cause = result.kind === "unknown" ? result.cause : undefined;
    if (!await pace.rest(result.kind)) throw gaveUp(`writing "${key}"`, cause);
  }
}
