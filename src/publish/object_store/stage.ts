import { MlforgeError } from "../../error.ts";
import type { Staged, StageRequest } from "../publisher.ts";
import { candidates } from "../version.ts";
import { type Context, gaveUp, newPace } from "./exchange.ts";
import { dataKey } from "./keys.ts";

/** Puts a data file under the first version that is free, or holds these very bytes already. */
export async function stage(context: Context, request: StageRequest): Promise<Staged> {
  const { feature, file, bytes, contentHash, wish } = request;
  for (const version of candidates(wish)) {
    if (await putData(context, feature, version, { file, size: bytes, sha256: contentHash })) {
      return { feature, version };
    }
  }
  throw new MlforgeError("usage", `Refused version "${wish.requested}" of ${feature}: it is taken`, {
    hint: "Data of another build stands there. Ask for a higher version.",
  });
}

/** False where the version holds other data. What is there is never overwritten, published or not. */
async function putData(
  context: Context,
  feature: string,
  version: string,
  body: { file: string; size: number; sha256: string },
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
