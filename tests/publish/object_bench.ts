import assert from "node:assert/strict";
import { MlforgeError } from "../../src/error.ts";
import { openObjectPublisher } from "../../src/publish/object_store.ts";
import type { Publisher } from "../../src/publish/publisher.ts";
import type { Store } from "../../src/stores/store.ts";
import { type Objects, openMemoryStore } from "./memory_store.ts";
import { sha256 } from "./sample_batch.ts";

export const M = "_mlforge/manifest.json";

/** A publisher on a store, whose waits take no time. */
export function openOnStore(store: Store, cacheFolder: string, project?: string): Publisher {
  let now = Date.UTC(2026, 0, 1);
  return openObjectPublisher(store, {
    cache: { folder: cacheFolder, limit: Infinity },
    clock: () => new Date(now),
    random: Math.random,
    sleep: (milliseconds) => {
      now += milliseconds;
      return Promise.resolve();
    },
    ...(project === undefined ? {} : { project }),
  });
}

/** A store in memory, and ways to look into it and to change it behind mlforge's back. */
export interface Bench {
  objects: Objects;
  store: Store;
  publisher: Publisher;
  openOn(store: Store, project?: string): Publisher;
  write(key: string, text: string): void;
  text(key: string): string;
}

/** A test on a store of its own. */
export function test(says: string, body: (bench: Bench) => Promise<void>): void {
  Deno.test(`object store: ${says}`, async () => {
    const cacheFolder = await Deno.makeTempDir();
    const objects: Objects = new Map();
    const store = openMemoryStore(objects);
    try {
      await body({
        objects,
        store,
        publisher: openOnStore(store, cacheFolder),
        openOn: (store, project) => openOnStore(store, cacheFolder, project),
        write: (key, text) => {
          const bytes = new TextEncoder().encode(text);
          objects.set(key, { bytes, size: bytes.length, sha256: sha256(text) });
        },
        text: (key) => new TextDecoder().decode(objects.get(key)?.bytes),
      });
    } finally {
      await Deno.remove(cacheFolder, { recursive: true });
    }
  });
}

/** Checks an error for assert.rejects: its code, words of its message, and that it says what to do. */
export function isError(code: string, ...words: string[]) {
  return (error: unknown) => {
    assert.ok(error instanceof MlforgeError, String(error));
    assert.equal(error.code, code, error.message);
    for (const word of words) {
      assert.ok(error.message.includes(word), error.message);
    }
    assert.ok(error.hint !== undefined, "a hint");
    return true;
  };
}
