import { parseBytes } from "../bytes.ts";
import { cacheFolder } from "../cache_folder.ts";
import { MlforgeError } from "../error.ts";
import type { CacheSettings } from "../fetch/lease.ts";
import { join } from "../path.ts";

const USUAL_LIMIT = 20e9;

/** Where fetched sources are kept, and how much of them: MLFORGE_CACHE_DIR, MLFORGE_CACHE_SIZE. */
export function cacheSettings(
  env: (name: string) => string | undefined = (name) => Deno.env.get(name),
): CacheSettings {
  const folder = cacheFolder(env);
  const size = env("MLFORGE_CACHE_SIZE");
  return {
    ...(folder === undefined ? {} : { folder: join(folder, "sources") }),
    limit: size ? limitOf(size) : USUAL_LIMIT,
  };
}

function limitOf(size: string): number {
  try {
    return parseBytes(size);
  } catch (cause) {
    throw new MlforgeError("usage", `MLFORGE_CACHE_SIZE is "${size}", which is not a size`, {
      hint: "Write it as 500MB, 20GB or 20GiB.",
      cause,
    });
  }
}
