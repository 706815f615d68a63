import { parseBytes } from "./bytes.ts";
import { MlforgeError } from "./error.ts";

const USUAL = 20e9;

/** How much each cache of what stores hold may take on this computer, in bytes: MLFORGE_CACHE_SIZE, else 20 GB. */
export function cacheSize(env: (name: string) => string | undefined): number {
  const size = env("MLFORGE_CACHE_SIZE");
  if (!size) return USUAL;
  try {
    return parseBytes(size);
  } catch (cause) {
    throw new MlforgeError("usage", `MLFORGE_CACHE_SIZE is "${size}", which is not a size`, {
      hint: "Write it as 500MB, 20GB or 20GiB.",
      cause,
    });
  }
}
