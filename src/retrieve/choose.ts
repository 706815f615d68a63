import { MlforgeError } from "../error.ts";
import { suggestName } from "../nearest.ts";
import type { Meta } from "../publish/meta.ts";
import { dataNotHere } from "../publish/data_not_here.ts";
import type { Publisher, Snapshot } from "../publish/publisher.ts";
import { parseWanted, type Wanted } from "./wanted.ts";

/** One version of a feature, whose data is here. */
export interface Chosen {
  feature: string;
  version: string;
  meta: Meta;
  /** Absolute path of its Parquet file. */
  file: string;
  /** Some of its columns, in this order; undefined: all. */
  only: readonly string[] | undefined;
}

/** Finds the data of a version, as `Publisher.dataPath` does. */
export type DataPath = (meta: Meta) => Promise<string | undefined>;

/**
 * Finds what the texts stand for (see `parseWanted`), all of it out of one snapshot. Errors: no such feature or version,
 * one asked for twice, data that is not on this machine.
 */
export async function chooseFeatures(
  publisher: Publisher,
  snapshot: Snapshot,
  wanted: readonly string[],
  dataPath: DataPath = ({ name, version }) => publisher.dataPath(name, version),
): Promise<Chosen[]> {
  if (wanted.length === 0) {
    throw new MlforgeError("usage", "No features to retrieve", { hint: "Name at least one." });
  }
  const chosen: Chosen[] = [];
  for (const text of wanted) {
    const found = await choose(publisher, snapshot, { ...parseWanted(text), dataPath });
    if (chosen.some(({ feature }) => feature === found.feature)) {
      throw new MlforgeError("usage", `Feature "${found.feature}" is asked for twice`, {
        hint: "Retrieve two versions of one feature in two runs: their columns have the same names.",
      });
    }
    chosen.push(found);
  }
  return chosen;
}

async function choose(
  publisher: Publisher,
  snapshot: Snapshot,
  { feature, version: asked, columns, dataPath }: Wanted & { dataPath: DataPath },
): Promise<Chosen> {
  const published = snapshot.features.get(feature)?.version;
  const version = asked ?? published;
  if (
    version === undefined || (published === undefined && (await publisher.versions(feature)).length === 0)
  ) {
    throw new MlforgeError("usage", `No feature "${feature}" in this store`, {
      hint: suggestName(feature, snapshot.features.keys()),
    });
  }
  const versions = asked === undefined ? [version] : await publisher.versions(feature);
  const meta = versions.includes(version) ? await publisher.metadata(feature, version) : undefined;
  if (meta === undefined) {
    throw new MlforgeError("usage", `Feature "${feature}" has no version ${version}`, {
      hint: `There are: ${(await publisher.versions(feature)).join(", ")}.`,
    });
  }
  const file = await dataPath(meta);
  if (file === undefined) throw dataNotHere(feature, version, snapshot);
  return { feature, version, meta, file, only: columns };
}
