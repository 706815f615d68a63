import type { Feature } from "../definitions/model.ts";
import { MlforgeError, throwAll } from "../error.ts";
import { suggestName } from "../nearest.ts";
import type { Published, Publisher, Snapshot } from "../publish/publisher.ts";
import type { Change } from "../publish/change.ts";
import { type Config, configOf, differingParts } from "./config_hash.ts";
import type { Fingerprints } from "./fingerprint.ts";
import { hashOf } from "../publish/hash.ts";
import type { BuildRequest } from "./report.ts";
import type { SourcePlace } from "./find_files.ts";
import { type ResolvedSource, resolveSource } from "./sources.ts";

/** One feature with all that decides whether and how it is built. */
export interface Planned {
  feature: Feature;
  config: Config;
  sources: ResolvedSource[];
  /** What only its checks read: their content does not decide the data. */
  lookups: ResolvedSource[];
  sourceHash: string;
  status: "new" | "changed" | "absent" | "unchanged";
  /** What the plan starts from. */
  published: Published | undefined;
  /** Undefined where nothing is to be built. */
  change: Change | undefined;
}

/** The features asked for, by name and by tag. Unknown names are errors, all at once. */
export function selectFeatures(request: Pick<BuildRequest, "project" | "features" | "tags">): Feature[] {
  const { project, features, tags } = request;
  const names = project.features.map((f) => f.name);
  throwAll(
    (features ?? []).filter((name) => !names.includes(name)).map((name) =>
      new MlforgeError("usage", `There is no feature "${name}"`, { hint: suggestName(name, names) })
    ),
  );
  const allTags = new Set(project.features.flatMap((f) => f.tags));
  throwAll(
    (tags ?? []).filter((tag) => !allTags.has(tag)).map((tag) =>
      new MlforgeError("usage", `No feature has the tag "${tag}"`, { hint: suggestName(tag, allTags) })
    ),
  );
  return project.features.filter((f) =>
    (features === undefined || features.includes(f.name)) &&
    (tags === undefined || f.tags.some((tag) => tags.includes(tag)))
  );
}

/** Finds and fingerprints each source once, whatever the number of features that read it. */
export async function resolveSources(
  features: readonly Feature[],
  place: SourcePlace,
  fingerprints: Fingerprints,
): Promise<Map<string, ResolvedSource>> {
  const all = features.flatMap((f) => [...f.sources, ...f.lookups]);
  const sources = new Map(all.map((source) => [source.name, source]));
  const resolved = new Map<string, ResolvedSource>();
  const errors = await Promise.all([...sources.values()].map(async (source) => {
    try {
      resolved.set(source.name, await resolveSource(source, place, fingerprints));
      return [];
    } catch (cause) {
      if (!(cause instanceof MlforgeError)) throw cause;
      return [cause];
    }
  }));
  throwAll(errors.flat());
  return resolved;
}

export interface PlanOptions {
  force: boolean;
  version?: string;
  /** Reads the metadata of changed features, so that each part that differs can be named. */
  explain: boolean;
  /** Looks whether the data of unchanged features is here, and plans to bring it back where it is not. */
  restore?: boolean;
}

/** Compares definitions and sources with what is published. */
export async function planFeatures(
  features: readonly Feature[],
  sources: ReadonlyMap<string, ResolvedSource>,
  published: { snapshot: Snapshot; publisher: Publisher },
  options: PlanOptions,
): Promise<Planned[]> {
  if (options.version !== undefined) await refuseUsed(features, published.snapshot, options.version);
  return await Promise.all(features.map(async (feature) => {
    const config = await configOf(feature);
    const own = feature.sources.flatMap((source) => sources.get(source.name) ?? []);
    const lookups = feature.lookups.flatMap((source) => sources.get(source.name) ?? []);
    const sourceHash = await hashOf(own.map((source) => [source.task.name, source.hash]));
    const change = await changeOf(feature, { config, sourceHash, sources: own }, published, options);
    const current = published.snapshot.features.get(feature.name);
    const status = current === undefined
      ? "new"
      : change === undefined
      ? "unchanged"
      : change.absent === undefined
      ? "changed"
      : "absent";
    return { feature, config, sources: own, lookups, sourceHash, status, published: current, change };
  }));
}

/** Before anything is computed: whether the version that was asked for is above all that each feature ever had. */
async function refuseUsed(features: readonly Feature[], { top }: Snapshot, version: string): Promise<void> {
  const { compareVersions } = await import("../publish/version.ts");
  throwAll(features.flatMap(({ name }) => {
    const highest = top.get(name);
    if (highest === undefined || compareVersions(version, highest) > 0) return [];
    return new MlforgeError("usage", `Can't publish "${name}" as ${version}: it is not above ${highest}`, {
      hint: "A number that was ever used does not come back: ask for a higher one.",
    });
  }));
}

type Now = Pick<Planned, "config" | "sourceHash" | "sources">;

/** What differs between a feature and a moment of the store, or undefined where nothing has to be built. */
export async function changeOf(
  feature: Feature,
  now: Now,
  { snapshot, publisher }: { snapshot: Snapshot; publisher: Publisher },
  options: PlanOptions,
): Promise<Change | undefined> {
  const published = snapshot.features.get(feature.name);
  const top = snapshot.top.get(feature.name);
  const requested = options.version === undefined ? {} : { requested: options.version };
  const base = { ...(top === undefined ? {} : { top }), ...requested };
  if (published === undefined) {
    return { ...base, definitionChanged: true, sourceChanged: true, why: ["nothing is published yet"] };
  }
  const definitionChanged = published.config_hash !== now.config.hash;
  const sourceChanged = published.source_hash !== now.sourceHash;
  const changed = definitionChanged || sourceChanged;
  if (!changed && !options.force && options.version === undefined) {
    return options.restore ? await bringBack(feature.name, published, base, publisher) : undefined;
  }
  const meta = changed && options.explain
    ? await publisher.metadata(feature.name, published.version)
    : undefined;
  const why: string[] = [];
  if (definitionChanged) why.push(...differingParts(meta?.mlforge.config_parts, await now.config.parts()));
  if (sourceChanged) why.push(...differingSources(meta?.mlforge.sources, now.sources));
  if (options.version !== undefined) why.push(`version ${options.version} was asked for`);
  if (!changed && options.force) why.push("--force");
  return {
    ...base,
    published,
    ...(meta === undefined ? {} : { columns: meta.columns }),
    definitionChanged,
    sourceChanged,
    why,
  };
}

/** What is to be done for an unchanged feature whose data is not here. */
async function bringBack(
  feature: string,
  published: Published,
  base: Pick<Change, "top">,
  publisher: Publisher,
): Promise<Change | undefined> {
  const { version, content_hash: contentHash } = published;
  const state = await publisher.dataState({ feature, version, contentHash });
  if (state === "here") return undefined;
  const rowsHash = (await publisher.metadata(feature, version))?.mlforge.rows_hash ?? "";
  const why = [state === "absent" ? "its data is not here" : "its data is not what was published"];
  return { ...base, published, definitionChanged: false, sourceChanged: false, absent: { rowsHash }, why };
}

function differingSources(
  old: readonly { name: string; hash: string }[] | undefined,
  now: readonly ResolvedSource[],
): string[] {
  const hashes = new Map((old ?? []).map((s) => [s.name, s.hash]));
  const differ = now.filter((source) => hashes.get(source.task.name) !== source.hash).map((s) => s.task.name);
  if (old === undefined || old.length === 0 || differ.length === 0) return ["a source changed"];
  return differ.map((name) => `source ${name} changed`);
}
