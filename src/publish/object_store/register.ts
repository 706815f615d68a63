import { MlforgeError } from "../../error.ts";
import type { Token } from "../../stores/store.ts";
import type { Context } from "./exchange.ts";
import { readText, textBody, uniqueName } from "./exchange.ts";
import { MANIFEST_KEY } from "./keys.ts";
import { type Manifest, manifestText, parseManifest } from "./manifest.ts";

/** M as it was at one moment, and the token that a write of it must match. */
export interface Moment {
  manifest: Manifest;
  token: Token;
}

/** What came of a try to write M: its new moment, or what stood against it. */
export type Written = Moment | "conflict" | "unknown";

export async function readMoment(context: Context): Promise<Moment | undefined> {
  const found = await readText(context.store, MANIFEST_KEY);
  return found === undefined ? undefined : { manifest: parseManifest(found.text), token: found.token };
}

/** M, which has been seen before: its absence is an error. */
export async function readAgain(context: Context): Promise<Moment> {
  const moment = await readMoment(context);
  if (moment !== undefined) return moment;
  throw new MlforgeError("failed", `Can't find "${MANIFEST_KEY}", which was there a moment ago`, {
    hint: "Something deleted it: restore it from the store's versions.",
  });
}

/**
 * One try to replace M as it was at that moment. No two tries write the same
 * bytes, so that no token comes back and every state of M has one writer.
 */
export async function writeMoment(
  context: Context,
  from: Moment,
  change: Partial<Manifest>,
): Promise<Written> {
  const manifest = { ...from.manifest, ...change, nonce: uniqueName(context) };
  const result = await context.store.put(MANIFEST_KEY, textBody(manifestText(manifest)), {
    match: from.token,
  });
  return result.kind === "written" ? { manifest, token: result.token } : result.kind;
}
