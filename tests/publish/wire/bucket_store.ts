import assert from "node:assert/strict";
import type { Publisher } from "../../../src/publish/publisher.ts";
import { readText } from "../../../src/publish/object_store/exchange.ts";
import { MANIFEST_KEY, pointerKey } from "../../../src/publish/object_store/keys.ts";
import { parseManifest } from "../../../src/publish/object_store/manifest.ts";
import { parsePointer } from "../../../src/publish/read_meta.ts";
import { parseKey } from "../../../src/stores/key.ts";
import { openBucket, openStore } from "../../../src/stores/open.ts";
import type { Wire } from "../../stores/wire.ts";
import { openOnStore } from "../object_bench.ts";
import type { View } from "../whole.ts";

/** A store on a real server. Builders reach it through the proxy, readers without; the protocol's waits take no time. */
export interface BucketStore extends View {
  /** In its bucket. */
  prefix: string;
  /** A builder, as of another process. */
  builder(): Publisher;
  /** All that never changes once it is there: data, metadata, records. Name -> token. */
  frozen(): Promise<Map<string, string>>;
  /** Throws unless all that M says is in place, and nothing is pending. */
  assertSettled(): Promise<void>;
}

const FROZEN = /\/(data\.parquet|\.meta\.json|_mlforge\/tx\/[^/]+)$/;

/** `under` gives each store of one test a prefix of its own. */
export async function withBucketStore(
  wire: Wire,
  under: string,
  use: (store: BucketStore) => Promise<void>,
): Promise<void> {
  const cacheFolder = await Deno.makeTempDir();
  const prefix = `${wire.store.prefix}/${under}`;
  const [through, direct] = await Promise.all([
    openStore({ ...wire.store, prefix }),
    openStore({ ...wire.direct, prefix }),
  ]);
  const bucket = await openBucket(wire.direct);
  try {
    await use({
      prefix,
      features: ["clicks", "orders"],
      builder: () => openOnStore(through, cacheFolder, "shop"),
      open: () => Promise.resolve(openOnStore(direct, cacheFolder)),
      read: async (path) => (await readText(direct, parseKey(path)))?.text,
      async frozen() {
        const objects = await Array.fromAsync(bucket.list(`${prefix}/`));
        return new Map(objects.flatMap(({ name, token }) => FROZEN.test(name) ? [[name, token]] : []));
      },
      async assertSettled() {
        const manifest = parseManifest((await readText(direct, MANIFEST_KEY))?.text ?? assert.fail("no M"));
        assert.deepEqual(manifest.pending, []);
        for (const [feature, { version, seq }] of manifest.features) {
          const key = pointerKey(feature);
          const pointer = parsePointer((await readText(direct, key))?.text ?? assert.fail(key), key);
          assert.deepEqual([pointer.version, pointer.seq], [version, seq]);
        }
      },
    });
  } finally {
    await Deno.remove(cacheFolder, { recursive: true });
  }
}
