import { fileError, ifThere } from "../../stores/files.ts";
import { byFeatureAndNumber, chooseOld, type KeepPolicy, type OldVersion } from "../keep.ts";
import type { Collected, CollectedVersion, Who } from "../publisher.ts";
import { locking, makeOwnFolder } from "./batch.ts";
import { type Layout, refuseLinksOutside } from "./layout.ts";
import { removeDead } from "../owner.ts";
import { featureFolders, readMetadata, readSnapshot, versionFolders } from "./reading.ts";
import { recover } from "./rolling_forward.ts";

/**
 * Under the lock: removes data that no metadata is of, and the data of old versions that the policy lets go. Metadata
 * stays: it is git's, tells the history, and keeps numbers from coming back; `mlforge sync --version` rebuilds its data.
 */
export async function collect(
  layout: Layout,
  policy: KeepPolicy,
  who: Who,
  options: { onWait?: (text: string) => void },
): Promise<Collected> {
  try {
    await makeOwnFolder(layout);
    return await locking(layout, who, options, async () => {
      await recover(layout);
      await removeDead(layout.transactions);
      const versions = await garbage(layout, policy);
      for (const { feature, version } of versions) {
        await refuseLinksOutside(layout, layout.versionFolder(feature, version));
        await ifThere(Deno.remove(layout.data(feature, version)));
        await ifThere(Deno.remove(layout.seal(feature, version)));
        // Where metadata or a file of someone else is there, it stays.
        await Deno.remove(layout.versionFolder(feature, version)).catch(() => {});
      }
      return { versions };
    });
  } catch (error) {
    throw fileError("collect garbage in", layout.root, error);
  }
}

/** What `collect` would remove. Writes nothing. */
export async function wouldCollect(layout: Layout, policy: KeepPolicy): Promise<Collected> {
  return { versions: await garbage(layout, policy) };
}

async function garbage(layout: Layout, policy: KeepPolicy): Promise<CollectedVersion[]> {
  const { features } = await readSnapshot(layout);
  const candidates: Omit<CollectedVersion, "bytes">[] = [];
  for (const feature of await featureFolders(layout)) {
    const versions: OldVersion[] = [];
    for (const version of await versionFolders(layout, feature)) {
      const meta = await readMetadata(layout, feature, version);
      if (meta === undefined) candidates.push({ feature, version, why: "uncommitted" });
      else versions.push({ version, createdAt: () => Promise.resolve(meta.created_at) });
    }
    for (const version of await chooseOld(versions, features.get(feature)?.version, policy)) {
      candidates.push({ feature, version, why: "old" });
    }
  }
  const found: CollectedVersion[] = [];
  for (const candidate of candidates.sort(byFeatureAndNumber)) {
    const info = await ifThere(Deno.stat(layout.data(candidate.feature, candidate.version)));
    if (info?.isFile) found.push({ ...candidate, bytes: info.size });
  }
  return found;
}
