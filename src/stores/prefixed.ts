import type { Bucket } from "./bucket.ts";
import { isKey, type Key } from "./key.ts";
import type { Body, Condition, Listed, PutResult, Store } from "./store.ts";

/** A bucket of our own: what `Store` promises, by objects' whole names. */
export interface Objects extends Bucket {
  put(name: string, body: Body, condition: Condition): Promise<PutResult>;
  delete(name: string): Promise<void>;
}

/** The store that lies under a prefix (without slashes at its ends; empty for all of the bucket). */
export function storeUnder(prefix: string, objects: Objects): Store {
  const base = prefix === "" ? "" : `${prefix}/`;
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
  };
}
