import { neverPublished } from "../data_not_here.ts";
import type { Move, PublishOutcome, Who } from "../publisher.ts";
import { parseMeta } from "../read_meta.ts";
import type { Change } from "./commit.ts";
import { type Context, readText } from "./exchange.ts";
import { dataKey, metadataKey } from "./keys.ts";
import type { Seen } from "./look.ts";
import type { Manifest } from "./manifest.ts";
import { publish } from "./publish.ts";
import { compareVersions } from "../version.ts";
import { start } from "./start.ts";
import { registerEntry } from "../register_entry.ts";

/**
 * Makes other versions the published ones, or none, all at once. What was published stays on the store, and `top` where
 * it is. Throws (code `usage`) where a version was never published, or is gone.
 */
export async function move(
  context: Context,
  moves: readonly Move[],
  who: Who,
  seen?: Seen,
): Promise<PublishOutcome> {
  const { tx, moment } = await start(context, seen);
  const changes: Change[] = [];
  for (const { feature, version } of moves) {
    const base = moment.manifest.features.get(feature);
    if ((base?.version ?? null) === version) continue;
    const after = version === null ? undefined : await existing(context, moment.manifest, feature, version);
    changes.push({ feature, base, after, meta: undefined });
  }
  const kind = changes.every(({ after }) => after === undefined) ? "retire" : "rollback";
  return (await publish(context, moment, { tx, round: 1, who, kind, changes })).outcome;
}

/** Metadata exists only of what was committed; data of that is removed only after `floor` of M was raised to it. */
async function existing(
  context: Context,
  manifest: Manifest,
  feature: string,
  version: string,
): Promise<Change["after"]> {
  const key = metadataKey(feature, version);
  const metadata = await readText(context.store, key);
  const data = await context.store.head(dataKey(feature, version));
  const floor = manifest.floor.get(feature);
  const deleted = floor !== undefined && compareVersions(version, floor) <= 0;
  if (metadata === undefined || data === undefined || deleted) {
    throw neverPublished(feature, version);
  }
  return registerEntry(parseMeta(metadata.text, key));
}
