import { cacheFolder } from "../cache_folder.ts";
import { cacheSize } from "../cache_size.ts";
import { join } from "../path.ts";
import type { GcsStoreConfig, S3StoreConfig } from "../stores/config.ts";
import { openStore } from "../stores/open.ts";
import { openObjectPublisher } from "./object_store.ts";
import type { Publisher } from "./publisher.ts";

/** The publisher on a real bucket: with this computer's clock, chance and cache folder. */
export async function openOnBucket(
  config: S3StoreConfig | GcsStoreConfig,
  { project }: { project?: string } = {},
): Promise<Publisher> {
  const env = (name: string) => Deno.env.get(name);
  const cache = cacheFolder(env);
  return openObjectPublisher(await openStore(config), {
    config,
    ...(cache === undefined ? {} : { cache: { folder: join(cache, "data"), limit: cacheSize(env) } }),
    clock: () => new Date(),
    random: () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
    sleep: (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds)),
    ...(project === undefined ? {} : { project }),
  });
}
