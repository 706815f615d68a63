import { MlforgeError } from "../error.ts";
import { dirname } from "../path.ts";
import type { Bucket } from "../stores/bucket.ts";
import { ifThere } from "../stores/files.ts";
import { type Entry, record, renew, whatIsThere } from "./entry.ts";
import { addressOf, type BucketConfig, type RemoteObject } from "./object.ts";
import { length, merge, missing, type Range } from "./ranges.ts";
import { type Slots, transfer } from "./transfer.ts";

/** What is to be there of one object. */
export interface Wanted {
  bucket: BucketConfig;
  object: RemoteObject;
  /** Absolute, in the lease's folder. */
  file: string;
  ranges: readonly Range[];
}

export interface FillOptions {
  bucket(): Promise<Bucket>;
  slots: Slots;
  signal: AbortSignal;
  /** Told of bytes as they come. */
  onBytes(bytes: number): void;
  /** Told of each request. */
  onRequest?(): void;
  /** What to do about an object that changed. */
  ifChanged?: string;
}

/** Under the entry's lock: puts a link to it into the lease, and fetches what is wanted and not there. */
export async function fill(
  entry: Entry,
  { object, file, ranges, bucket }: Wanted,
  options: FillOptions,
): Promise<void> {
  options.signal.throwIfAborted();
  let there = await whatIsThere(entry, object.size);
  if (there === undefined) {
    await renew(entry, object.size);
    there = [];
  }
  await link(entry.data, file);
  const holes = missing(ranges, there);
  if (holes.length === 0 && length(there) > 0) return;
  const { arrived, error } = await transfer({ bucket: await options.bucket(), object, file }, holes, {
    ...options,
    changed: () =>
      new MlforgeError("failed", `${addressOf(bucket, object.name)} changed while it was read`, {
        hint: options.ifChanged ?? "Build again once nobody writes to it.",
      }),
  });
  const recorded = record(entry, merge([...there, ...arrived]));
  if (error === undefined) return await recorded;
  // What made the transfer fail may make this fail too, and is the one to be told.
  await recorded.catch(() => {});
  throw error;
}

/** Puts a file of the cache into a lease, unless it is there. */
async function link(data: string, file: string): Promise<void> {
  const [ours, there] = await Promise.all([ifThere(Deno.stat(file)), Deno.stat(data)]);
  if (ours !== undefined && ours.ino === there.ino) return;
  if (ours !== undefined) await Deno.remove(file);
  await Deno.mkdir(dirname(file), { recursive: true });
  await Deno.link(data, file);
}
