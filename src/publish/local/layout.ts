import { join } from "../../path.ts";
import { MlforgeError } from "../../error.ts";
import { ifThere } from "../../stores/files.ts";
import { parseKey } from "../../stores/key.ts";
import { VERSION } from "../read_meta.ts";

/** Where things are in a local store. The first four are the contract with every other reader. */
export interface Layout {
  /** Absolute. */
  root: string;
  featureFolder(feature: string): string;
  versionFolder(feature: string, version: string): string;
  pointer(feature: string): string;
  meta(feature: string, version: string): string;
  data(feature: string, version: string): string;
  /** mlforge's own folder, unknown to git. */
  own: string;
  lock: string;
  journal: string;
  /** One folder a batch. */
  transactions: string;
  /** Which hash a data file had when it was put there. */
  seal(feature: string, version: string): string;
}

/** Names are checked here, on their way to the disk: a feature or version that could leave its folder is refused. */
export function layoutOf(root: string): Layout {
  const own = join(root, "_mlforge");
  const featureFolder = (feature: string) => join(root, checkedFeature(feature));
  const versionFolder = (feature: string, version: string) =>
    join(featureFolder(feature), checkedVersion(version));
  return {
    root,
    featureFolder,
    versionFolder,
    pointer: (feature) => join(featureFolder(feature), "_latest.json"),
    meta: (feature, version) => join(versionFolder(feature, version), ".meta.json"),
    data: (feature, version) => join(versionFolder(feature, version), "data.parquet"),
    own,
    lock: join(own, "lock"),
    journal: join(own, "journal.json"),
    transactions: join(own, "tx"),
    seal: (feature, version) => join(own, "data", checkedFeature(feature), `${checkedVersion(version)}.json`),
  };
}

/** Whether a folder of the store can be a feature's: `_mlforge`, `.git` and the like are not. */
export function isFeatureName(name: string): boolean {
  return /^[A-Za-z]/.test(name) && !name.includes("/") && name.length <= 200 && parses(name);
}

function parses(name: string): boolean {
  try {
    return parseKey(name) === name;
  } catch {
    return false;
  }
}

function checkedFeature(feature: string): string {
  if (!isFeatureName(feature)) throw new MlforgeError("usage", `Refused "${feature}" as a feature's name`);
  return feature;
}

function checkedVersion(version: string): string {
  if (!VERSION.test(version)) throw new MlforgeError("usage", `Refused "${version}" as a version`);
  return version;
}

/** Throws where a link inside the store leads out of it: a write there would change files that are not the store's. */
export async function refuseLinksOutside(layout: Layout, folder: string): Promise<void> {
  const [root, real] = await Promise.all([
    ifThere(Deno.realPath(layout.root)),
    ifThere(Deno.realPath(folder)),
  ]);
  if (root === undefined) return;
  if (real === undefined) {
    const link = await ifThere(Deno.lstat(folder));
    if (link?.isSymlink !== true) return;
  } else if (real === root || real.startsWith(root + (Deno.build.os === "windows" ? "\\" : "/"))) {
    return;
  }
  throw new MlforgeError(
    "failed",
    `Refused to write to "${folder}": it is a link that leads out of the store`,
    {
      hint: "Put a real folder there, or make the whole store's path point to where the features should be.",
    },
  );
}
