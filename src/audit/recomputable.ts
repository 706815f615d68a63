import type { Computable } from "../build/compute.ts";
import { openFingerprints } from "../build/fingerprint.ts";
import { asRecorded } from "../build/sync/recorded.ts";
import { cacheFolder } from "../cache_folder.ts";
import type { Project } from "../definitions/model.ts";
import type { MlforgeError } from "../error.ts";
import type { Meta } from "../publish/meta.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { StoreConfig } from "../stores/config.ts";

/** Each version's feature as it can be computed again, or the error that says why it can't: what it was built from changed. */
export async function recomputable(
  metas: readonly Meta[],
  place: { project: Project; store: StoreConfig; publisher: Publisher },
): Promise<(Computable | MlforgeError)[]> {
  const fingerprints = await openFingerprints(cacheFolder((name) => Deno.env.get(name)));
  const found = await asRecorded(metas, { ...place, fingerprints, to: "recompute" });
  await fingerprints.save();
  return found;
}
