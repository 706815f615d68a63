import type { Store } from "../../src/stores/store.ts";
import { type ObjectPublisher, openObjectPublisher } from "../../src/publish/object_store.ts";
import { testPublisher } from "./contract.ts";
import { openMemoryStore } from "./memory_store.ts";

function open(store: Store, tempFolder: string): ObjectPublisher {
  return openObjectPublisher(store, {
    tempFolder,
    clock: () => new Date(),
    random: Math.random,
    sleep: () => Promise.resolve(),
  });
}

testPublisher("object store", async () => {
  const tempFolder = await Deno.makeTempDir();
  const store = openMemoryStore();
  return {
    open: () => Promise.resolve(open(store, tempFolder)),
    dispose: () => Deno.remove(tempFolder, { recursive: true }),
  };
});
