import { resolve } from "node:path";
import { MlforgeError } from "../error.ts";
import { cacheSettings } from "../fetch/cache_settings.ts";
import type { Wanted } from "../fetch/fill.ts";
import { findObjects } from "../fetch/find.ts";
import { type Lease, openLease } from "../fetch/lease.ts";
import { type Address, addressOf, type BucketConfig, bucketConfig, parseAddress } from "../fetch/object.ts";
import { placeOf } from "../fetch/placing.ts";
import { join } from "../path.ts";
import type { StoreConfig } from "../stores/config.ts";
import { openBucket } from "../stores/open.ts";
import { isLabelFile } from "./formats.ts";

/** Labels of which some are objects of a bucket. */
export interface FetchedLabels {
  /** A path, or the address of one object, for each file. */
  places: string[];
  /** Absolute paths, until the lease is disposed of. */
  files: string[];
  lease: Lease;
}

/**
 * Fetches what addresses name: an object, a prefix (all objects below it that labels can come in) or a glob, in the order of
 * their names. Other paths are files as they are. An address that names nothing is an error (code `usage`).
 */
export async function fetchLabels(
  paths: readonly string[],
  store: StoreConfig | undefined,
): Promise<FetchedLabels> {
  const lease = openLease(cacheSettings());
  try {
    const wanted: Wanted[] = [];
    const found: { place: string; file: string }[] = [];
    for (const path of paths) {
      const address = parseAddress(path);
      if (address === undefined) {
        found.push({ place: resolve(path), file: resolve(path) });
        continue;
      }
      const bucket = bucketConfig(address, store);
      for (const object of await objectsAt(path, address, bucket)) {
        const file = join(lease.folder, "labels", placeOf(object.name, found.length));
        found.push({ place: addressOf(bucket, object.name), file });
        wanted.push({ bucket, object, file, ranges: [[0, object.size]] });
      }
    }
    await lease.fetch(wanted, { signal: new AbortController().signal });
    return { places: found.map(({ place }) => place), files: found.map(({ file }) => file), lease };
  } catch (error) {
    await lease[Symbol.asyncDispose]();
    throw error;
  }
}

async function objectsAt(path: string, address: Address, bucket: BucketConfig) {
  const { objects, as } = await findObjects(await openBucket(bucket), address.name, isLabelFile);
  if (objects.length > 0) return objects;
  throw new MlforgeError(
    "usage",
    as === "glob" ? `No object matches the labels "${path}"` : `There are no labels at "${path}"`,
    { hint: "Names in a bucket are taken as they stand; * ? [ and { make a glob." },
  );
}
