import type { Feature, Project } from "../definitions/model.ts";
import { metaColumns } from "../engines/duckdb/types.ts";
import { diffRows, type RowsDiff } from "../engines/duckdb/diff_rows.ts";
import { dataNotHere, neverPublished } from "../publish/data_not_here.ts";
import { hashOf } from "../publish/hash.ts";
import type { Meta } from "../publish/meta.ts";
import type { Publisher, Snapshot } from "../publish/publisher.ts";
import { cacheFolder } from "../cache_folder.ts";
import { configOf } from "./config_hash.ts";
import { compare, type FeatureDiff, higherLevel, type Level, type Side, sideOf } from "./diff/compare.ts";
import type { SourcePlace } from "./find_files.ts";
import { openFingerprints } from "./fingerprint.ts";
import { lookAtFeature } from "./look.ts";
import { resolveSources, selectFeatures } from "./plan_features.ts";

/** `mlforge diff`: the highest level of all features, and each one's differences. */
export interface Diff {
  level: Level;
  features: (FeatureDiff & { rows?: RowsDiff })[];
}

/** Two published versions of a feature; with `data`, their rows by key as well. */
export async function diffVersions(
  feature: string,
  versions: readonly [string, string],
  { publisher, snapshot }: { publisher: Publisher; snapshot: Snapshot },
  { data }: { data: boolean },
): Promise<Diff> {
  const [a, b] = await Promise.all(versions.map(async (version) => {
    const meta = await publisher.metadata(feature, version);
    if (meta === undefined) throw neverPublished(feature, version);
    return meta;
  })) as [Meta, Meta];
  const found = compare(feature, sideOf(a), sideOf(b));
  if (!data) return diffOf([found]);
  const [fileA, fileB] = await Promise.all(versions.map(async (version) => {
    const path = await publisher.dataPath(feature, version);
    if (path === undefined) throw dataNotHere(feature, version, snapshot);
    return path;
  })) as [string, string];
  const identity = [...a.keys, ...(a.timestamp === null ? [] : [a.timestamp])];
  // A column without statistics may have been left out of them, and then no value of it is to be seen.
  const shown = Object.keys(a.mlforge.statistics).filter((name) => name in b.mlforge.statistics);
  return diffOf([{ ...found, rows: await diffRows(fileA, fileB, { identity, shown }) }]);
}

/** What a build would change: each definition against what is published of it. Features that only one has, too. */
export async function diffDefinitions(
  place: SourcePlace & { project: Project },
  { publisher, snapshot }: { publisher: Publisher; snapshot: Snapshot },
  names?: readonly string[],
): Promise<Diff> {
  const { project } = place;
  const features = selectFeatures({ project, ...(names === undefined ? {} : { features: names }) });
  const fingerprints = await openFingerprints(cacheFolder((name) => Deno.env.get(name)));
  const sources = await resolveSources(features, place, fingerprints);
  await fingerprints.save();
  const differing = await Promise.all(features.map(async (feature) => {
    const published = snapshot.features.get(feature.name);
    const meta = published && await publisher.metadata(feature.name, published.version);
    const own = feature.sources.flatMap((source) => sources.get(source.name) ?? []);
    const config = await configOf(feature);
    const side: Side = {
      label: "definition",
      configHash: config.hash,
      configParts: await config.parts(),
      sourceHash: await hashOf(own.map((source) => [source.task.name, source.hash])),
      sources: own.map(({ task: { name }, hash }) => ({ name, hash })),
      columns: meta?.config_hash === config.hash ? meta.columns : await columnsOf(place, feature),
    };
    return compare(feature.name, meta && sideOf(meta), side);
  }));
  const defined = new Set(project.features.map(({ name }) => name));
  const gone = names === undefined ? [...snapshot.features.keys()].filter((name) => !defined.has(name)) : [];
  const metas = await Promise.all(gone.map(async (name) => {
    const meta = await publisher.metadata(name, snapshot.features.get(name)?.version ?? "");
    return compare(name, meta && sideOf(meta), undefined);
  }));
  return diffOf([...differing, ...metas]);
}

/** Two states of a store, by what is published in each. */
export function diffStates(a: ReadonlyMap<string, Meta>, b: ReadonlyMap<string, Meta>): Diff {
  const side = (meta: Meta | undefined) => meta && sideOf(meta);
  const names = [...new Set([...a.keys(), ...b.keys()])].sort();
  return diffOf(names.map((name) => compare(name, side(a.get(name)), side(b.get(name)))));
}

async function columnsOf(place: SourcePlace, feature: Feature): Promise<Side["columns"]> {
  if (feature.transform.kind === "function") return undefined;
  return metaColumns((await lookAtFeature(place, feature)).columns);
}

function diffOf(features: Diff["features"]): Diff {
  return { level: features.map(({ level }) => level).reduce(higherLevel, "none"), features };
}
