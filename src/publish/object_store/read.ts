import type { Meta } from "../meta.ts";
import type { DataState, Snapshot } from "../publisher.ts";
import { parseMetaOf } from "../read_meta.ts";
import { compareVersions } from "../version.ts";
import { type Context, readText } from "./exchange.ts";
import { featurePrefix, metadataKey, parseVersionKey } from "./keys.ts";
import { look } from "./look.ts";
import { snapshotOf } from "./manifest.ts";
import { metadataOf } from "./record.ts";
import { readMoment } from "./register.ts";
import { readRecord } from "./roll.ts";

/** All features out of one commit: one GET of M. A store without M is read by its pointers. Writes nothing. */
export async function readSnapshot(context: Context): Promise<Snapshot> {
  return snapshotOf((await look(context)).manifest);
}

/** A committed version's metadata: its own object or, where that has not followed yet, the commit's record. */
export async function readMetadata(
  context: Context,
  feature: string,
  version: string,
): Promise<Meta | undefined> {
  const key = metadataKey(feature, version);
  for (let look = 1;; look++) {
    const found = await readText(context.store, key);
    if (found !== undefined) return parseMetaOf(feature, version, found.text, key);
    const moment = await readMoment(context);
    const entry = moment?.manifest.pending.find((p) => p.feature === feature && p.version === version);
    if (entry !== undefined) {
      const record = await readRecord(context, entry);
      const recorded = record.features.get(feature);
      const metadata = recorded === undefined ? undefined : metadataOf(recorded, key);
      if (metadata !== undefined) return metadata;
    }
    // Between the two looks it may have been written and cleared from pending: then it is there now.
    if (look === 2) return undefined;
  }
}

/** Versions with metadata, and those whose metadata is on its way, ascending; and whether data is listed for each. */
export async function readVersions(context: Context, feature: string): Promise<Map<string, DataState>> {
  const prefix = featurePrefix(feature);
  const moment = await readMoment(context);
  // M first: what is cleared from pending meanwhile is in the listing.
  const versions = new Set(
    moment?.manifest.pending.filter((p) => p.feature === feature).flatMap((p) => p.version ?? []),
  );
  const data = new Set<string>();
  for await (const { key } of context.store.list(prefix)) {
    const found = parseVersionKey(key);
    if (found !== undefined) (found.file === ".meta.json" ? versions : data).add(found.version);
  }
  const ascending = [...versions].sort(compareVersions);
  return new Map(ascending.map((version) => [version, data.has(version) ? "here" : "absent"]));
}
