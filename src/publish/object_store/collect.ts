import type { Token } from "../../stores/store.ts";
import { inParallel } from "../../in_parallel.ts";
import { byFeatureAndNumber, chooseOld, type KeepPolicy } from "../keep.ts";
import type { Collected, CollectedVersion } from "../publisher.ts";
import { parseMetaOf } from "../read_meta.ts";
import { compareVersions, higher } from "../version.ts";
import { type Context, gaveUp, newPace, readText } from "./exchange.ts";
import { dataKey, metadataKey, parseVersionKey, pointerKey } from "./keys.ts";
import { look } from "./look.ts";
import type { Manifest } from "./manifest.ts";
import { type Moment, readAgain, writeMoment } from "./register.ts";
import { start } from "./start.ts";

/**
 * Removes data that no commit names, and old versions that the policy lets go, and gives what it removed. A living build
 * whose staged data is collected plans that feature again.
 *
 * The order is the proof. M first, then the look: what was committed before this M has its metadata, or is pending in
 * it. Then, by one write that matches this M, `top` is raised to all that goes, so that no build can commit it any more,
 * and `floor` to the old versions, so that no rollback can name them. Only then it is deleted, and a deletion may come as
 * late as it likes.
 */
export async function collect(context: Context, policy: KeepPolicy): Promise<Collected> {
  const { tx, moment } = await start(context);
  const pace = newPace(context);
  let from: Moment = moment;
  for (;;) {
    const versions = await garbage(context, from.manifest, policy);
    const raised = withdrawn(from.manifest, versions);
    const written = raised === undefined ? from : await writeMoment(context, from, { tx, ...raised });
    if (typeof written !== "string") {
      await inParallel(versions, ({ feature, version }) => context.store.delete(dataKey(feature, version)));
      // Metadata last: a version whose metadata is gone is found by nobody, and its data would lie there for ever.
      const old = versions.filter(({ why }) => why === "old");
      await inParallel(old, ({ feature, version }) => context.store.delete(metadataKey(feature, version)));
      const uploads = await context.store.abortUploads?.(weekBefore(context.clock()));
      return { versions, ...(uploads === undefined ? {} : { uploads }) };
    }
    if (!await pace.rest(written)) throw gaveUp("collecting garbage");
    from = await readAgain(context);
  }
}

/** No upload takes a week: one that is older has lost its process. */
function weekBefore(moment: Date): Date {
  return new Date(moment.getTime() - 7 * 24 * 60 * 60 * 1000);
}

/** What `collect` would remove. Writes nothing. */
export async function wouldCollect(context: Context, policy: KeepPolicy): Promise<Collected> {
  return { versions: await garbage(context, (await look(context)).manifest, policy) };
}

/** What a listing shows of one feature. */
interface Listed {
  /** Version -> bytes. */
  data: Map<string, number>;
  metadata: Set<string>;
}

async function garbage(
  context: Context,
  manifest: Manifest,
  policy: KeepPolicy,
): Promise<CollectedVersion[]> {
  const features = new Map<string, Listed>();
  for await (const { key, size } of context.store.list("")) {
    const found = parseVersionKey(key);
    if (found === undefined) continue;
    const listed = features.get(found.feature) ?? { data: new Map(), metadata: new Set() };
    features.set(found.feature, listed);
    if (found.file === "data.parquet") listed.data.set(found.version, size);
    else listed.metadata.add(found.version);
  }
  const versions: CollectedVersion[] = [];
  await inParallel([...features], async ([feature, { data, metadata }]) => {
    const pending = manifest.pending.filter((entry) => entry.feature === feature);
    for (const [version, bytes] of data) {
      if (metadata.has(version) || pending.some((entry) => entry.version === version)) continue;
      versions.push({ feature, version, why: "uncommitted", bytes });
    }
    const old = await oldVersions(context, manifest, { feature, metadata: [...metadata], policy });
    // While a commit of the feature is on its way, its pointer may name the version before.
    if (old.length === 0 || pending.length > 0 || await isMoved(context, manifest, feature)) return;
    for (const version of old) {
      versions.push({ feature, version, why: "old", bytes: data.get(version) ?? 0 });
    }
  });
  return versions.sort(byFeatureAndNumber);
}

/** Those at or below `floor`, whose deletion an earlier collector began, and those that the policy lets go. */
async function oldVersions(
  context: Context,
  manifest: Manifest,
  { feature, metadata, policy }: { feature: string; metadata: readonly string[]; policy: KeepPolicy },
): Promise<string[]> {
  const published = manifest.features.get(feature)?.version;
  const floor = manifest.floor.get(feature);
  const begun = metadata.filter((version) =>
    floor !== undefined && version !== published && compareVersions(version, floor) <= 0
  );
  const others = metadata.filter((version) => !begun.includes(version)).map((version) => ({
    version,
    createdAt: async () => {
      const key = metadataKey(feature, version);
      const found = await readText(context.store, key);
      return found === undefined ? "" : parseMetaOf(feature, version, found.text, key).created_at;
    },
  }));
  return [...begun, ...await chooseOld(others, published, policy)];
}

/** Whether something else moved the feature's pointer: then it is unknown which version its readers are at. */
async function isMoved(context: Context, manifest: Manifest, feature: string): Promise<boolean> {
  const known = manifest.pointers.get(feature) as Token | undefined;
  return (await context.store.head(pointerKey(feature)))?.token !== known;
}

/** `top` above all of the garbage, and `floor` at the old versions; undefined where both are already. */
function withdrawn(
  manifest: Manifest,
  versions: readonly CollectedVersion[],
): Pick<Manifest, "top" | "floor"> | undefined {
  const top = new Map(manifest.top);
  const floor = new Map(manifest.floor);
  let raised = false;
  const raise = (map: Map<string, string>, feature: string, version: string) => {
    const before = map.get(feature);
    map.set(feature, higher(before, version));
    raised ||= map.get(feature) !== before;
  };
  for (const { feature, version, why } of versions) {
    raise(top, feature, version);
    if (why === "old") raise(floor, feature, version);
  }
  return raised ? { top, floor } : undefined;
}
