import type { Bucket } from "./bucket.ts";
import { isKey, type Key } from "./key.ts";
import type { GcsStoreConfig, S3StoreConfig } from "./config.ts";
import type { Body, Condition, CopiedBody, Listed, PutResult, Store } from "./store.ts";

/** A bucket of our own: what `Store` promises, by objects' whole names. */
export interface Objects extends Bucket {
  put(name: string, body: Body, condition: Condition): Promise<PutResult>;
  delete(name: string): Promise<void>;
  /** Of names that start with `prefix`; see `Store`. */
  abortUploads?(prefix: string, before: Date): Promise<number | undefined>;
  /** From a bucket that this server has, too. */
  copy(
    name: string,
    from: { bucket: string; name: string },
    body: CopiedBody,
  ): Promise<PutResult | undefined>;
}

/** The store of a configuration: the objects that lie under its prefix. */
export function storeUnder(config: S3StoreConfig | GcsStoreConfig, objects: Objects): Store {
  const base = baseOf(config);
  const nameOf = (key: Key) => base + key;
  return {
    head: (key) => objects.head(nameOf(key)),
    get: (key, options) => objects.get(nameOf(key), options),
    async *list(start): AsyncIterable<Listed> {
      for await (const { name, size } of objects.list(base + start)) {
        const key = name.slice(base.length);
        // What is no key, something else put there.
        if (isKey(key)) yield { key, size };
      }
    },
    put: (key, body, condition) => objects.put(nameOf(key), body, condition),
    delete: (key) => objects.delete(nameOf(key)),
    ...(objects.abortUploads === undefined ? {} : {
      abortUploads: (before: Date) => objects.abortUploads?.(base, before) ?? Promise.resolve(undefined),
    }),
    async copy(key, from, body) {
      if (from.kind !== config.kind || from.endpoint !== config.endpoint) return undefined;
      return await objects.copy(nameOf(key), { bucket: from.bucket, name: baseOf(from) + key }, body);
    },
  };
}

/** What stands before each key; a prefix has no slashes at its ends, and is empty for all of the bucket. */
export function baseOf({ prefix }: { prefix: string }): string {
  return prefix === "" ? "" : `${prefix}/`;
}
