import { cacheFolder } from "../cache_folder.ts";
import { cacheSize } from "../cache_size.ts";
import type { CacheSettings } from "./lease.ts";
import { join } from "../path.ts";

/** Where fetched sources are kept, and how much of them: MLFORGE_CACHE_DIR, MLFORGE_CACHE_SIZE. */
export function cacheSettings(
  env: (name: string) => string | undefined = (name) => Deno.env.get(name),
): CacheSettings {
  const folder = cacheFolder(env);
  return {
    ...(folder === undefined ? {} : { folder: join(folder, "sources") }),
    limit: cacheSize(env),
  };
}
