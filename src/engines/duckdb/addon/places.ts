import { join, resolve } from "node:path";
import { cacheFolder } from "../../../cache_folder.ts";

/** What the choice of a folder depends on. */
export interface Surroundings {
  env(name: string): string | undefined;
  os: typeof Deno.build.os;
  /** Of the process; null on Windows. */
  uid: number | null;
}

/**
 * Folders that may hold mlforge's DuckDB, absolute, the best first: in the user's cache folder, then in one of the user's
 * own among temporary files, for whom has no home or can't write there. MLFORGE_CACHE_DIR leaves no choice.
 */
export function places({ env, os, uid }: Surroundings): string[] {
  const cache = cacheFolder(env);
  const temporary = os === "windows" ? env("TEMP") : env("TMPDIR") || "/tmp";
  return [
    ...(cache === undefined ? [] : [resolve(cache)]),
    ...(temporary && !env("MLFORGE_CACHE_DIR")
      ? [join(resolve(temporary), uid === null ? "mlforge" : `mlforge-${uid}`)]
      : []),
  ];
}
