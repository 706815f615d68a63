import { tmpdir as temporaryFolder } from "node:os";
import { inParallel } from "../in_parallel.ts";
import { join } from "../path.ts";
import { hashOf } from "../publish/hash.ts";
import { removeDead, writeOwner } from "../publish/owner.ts";
import type { Bucket } from "../stores/bucket.ts";
import { fileError } from "../stores/files.ts";
import { locked } from "../stores/lock.ts";
import { openBucket } from "../stores/open.ts";
import { entryAt, touch, whatIsThere } from "./entry.ts";
import { fill, type FillOptions, type Wanted } from "./fill.ts";
import type { BucketConfig } from "./object.ts";
import { length, missing } from "./ranges.ts";
import { openSlots, unlessAborted } from "./transfer.ts";
import { trim } from "./trim.ts";

/** Where fetched objects are kept. Plain data, sent to workers. */
export interface CacheSettings {
  /** Absolute; absent where the user has no folder for such: then nothing is kept. */
  folder?: string;
  /** In bytes. What is in use may go beyond it. */
  limit: number;
}

export interface FetchOptions extends Pick<FillOptions, "signal" | "onRequest" | "ifChanged"> {
  /** Told of bytes that came, of those that have to come. */
  onBytes?: (done: number, total: number) => void;
}

/** Files of the cache in the hands of one reader, who may read them until it is disposed of. */
export interface Lease extends AsyncDisposable {
  /** Absolute. */
  folder: string;
  /**
   * Fetches what is not in the cache yet, and puts the objects at their places. A file has its object's size, and holes
   * where nothing was asked for. What two want at once, in one process or two, is fetched by one of them.
   */
  fetch(wanted: readonly Wanted[], options: FetchOptions): Promise<void>;
}

/**
 * A lease's files are links to the cache's: so that what is removed from the cache stays with its readers, and a link
 * tells that there is one. Folders: `objects/` with the entries, `leases/` with a folder for each reader.
 *
 * Nothing is made on the disk before the first fetch.
 */
export function openLease(settings: CacheSettings): Lease {
  const own = crypto.randomUUID();
  const root = settings.folder ?? join(temporaryFolder(), `mlforge-${own}`);
  const [objects, leases] = [join(root, "objects"), join(root, "leases")];
  const folder = join(leases, own);
  let making: Promise<void> | undefined;
  async function make(): Promise<void> {
    try {
      for (const path of [objects, leases]) await Deno.mkdir(path, { recursive: true, mode: 0o700 });
      await locked({ path: join(root, "lock") }, async () => {
        await removeDead(leases);
        await Deno.mkdir(folder);
        await writeOwner(folder);
      });
    } catch (cause) {
      throw fileError("keep fetched sources in", root, cause);
    }
  }
  const slots = openSlots();
  const buckets = new Map<string, Promise<Bucket>>();
  const bucketOf = (config: BucketConfig) => {
    const key = JSON.stringify(config);
    const open = buckets.get(key) ?? openBucket(config);
    buckets.set(key, open);
    return open;
  };

  return {
    folder,
    async fetch(wanted, options) {
      if (wanted.length === 0) return;
      await (making ??= make());
      const work = await Promise.all(wanted.map(async (one) => {
        const entry = entryAt(objects, await idOf(one));
        const there = await whatIsThere(entry, one.object.size) ?? [];
        // Used from now on: what makes room for the rest is other entries.
        await touch(entry);
        return { entry, wanted: one, bytes: length(missing(one.ranges, there)) };
      }));
      const total = work.reduce((sum, { bytes }) => sum + bytes, 0);
      if (total > 0) await trim(objects, Math.max(0, settings.limit - total));
      let done = 0;
      const onBytes = (bytes: number) => options.onBytes?.(done += bytes, Math.max(total, done));
      await inParallel(work, async ({ entry, wanted }) => {
        const filled = locked(
          { path: entry.lock },
          () => fill(entry, wanted, { ...options, bucket: () => bucketOf(wanted.bucket), slots, onBytes }),
        );
        // Another one may be at it for long.
        await unlessAborted(filled, options.signal).catch((cause) => {
          throw fileError("keep a fetched source in", entry.data, cause);
        });
      });
    },
    async [Symbol.asyncDispose]() {
      if (making === undefined) return;
      await Deno.remove(folder, { recursive: true }).catch(() => {});
      if (settings.folder === undefined) await Deno.remove(root, { recursive: true }).catch(() => {});
      else await trim(objects, settings.limit).catch(() => {});
    },
  };
}

/** Names one state of one object, wherever it is asked for. */
async function idOf({ bucket: { kind, bucket, endpoint }, object: { name, size, token } }: Wanted) {
  return (await hashOf([kind, endpoint ?? "", bucket, name, size, token])).slice(0, 40);
}
