import type { Batch, Entry, Publisher, Snapshot } from "../publish/publisher.ts";
import { publishInRounds } from "../publish/rounds.ts";
import type { Done } from "../workers/messages.ts";
import { chooseVersion } from "../publish/change.ts";
import { metaOf } from "./make_meta.ts";
import { changeOf, type Planned } from "./plan_features.ts";
import type { BuildRequest } from "./report.ts";

export interface PublishContext {
  planned: readonly Planned[];
  done: ReadonlyMap<string, Done>;
  publisher: Publisher;
  batch: Batch;
  request: BuildRequest;
}

/**
 * Makes the entries visible as one. Where another builder published one of these features meanwhile, that feature alone
 * is judged again by what is published now (nothing to do, or another version of the same data); after three rounds the
 * build has lost, with nothing published. Gives feature -> version of what was published.
 */
export async function publishEntries(
  entries: readonly Entry[],
  context: PublishContext,
): Promise<{ versions: Map<string, string>; notes: string[] }> {
  return await publishInRounds(
    context.batch,
    entries,
    (entry, snapshot) => planAgain(entry, snapshot, context),
  );
}

/** The same data under a version that fits what is published now, or undefined where that is the same already. */
async function planAgain(
  entry: Entry,
  snapshot: Snapshot,
  { planned, done, publisher, batch, request }: PublishContext,
): Promise<Entry | undefined> {
  const item = planned.find((p) => p.feature.name === entry.feature);
  const result = done.get(entry.feature);
  if (item === undefined || result === undefined) throw new Error(`${entry.feature} was never planned`);
  const change = await changeOf(item.feature, item, { snapshot, publisher }, {
    force: request.force === true,
    explain: true,
    ...(request.version === undefined ? {} : { version: request.version }),
  });
  const chosen = change && chooseVersion(change, { ...result.built, schemaHash: result.schemaHash });
  if (change === undefined || chosen === undefined) return undefined;
  const { feature, file, contentHash } = entry;
  const { bytes } = result.built;
  const { version } = await publisher.stage({
    tx: batch.tx,
    feature,
    file,
    bytes,
    contentHash,
    wish: chosen.wish,
  });
  const meta = await metaOf(item, { ...result, chosen }, {
    tx: batch.tx,
    version,
    root: request.project.root,
  });
  return { feature, file, contentHash, version, meta, base: change.published };
}
