import { join, resolve } from "node:path";

/** What the choice of a cache folder depends on. */
export interface Surroundings {
  env(name: string): string | undefined;
  os: typeof Deno.build.os;
  /** Of the process; null on Windows. */
  uid: number | null;
}

/**
 * Folders that mlforge's cache may be in, the best first: the one that MLFORGE_CACHE_DIR names, and no other then; else
 * the user's cache folder, as the platform has it, and one of the user's own among temporary files, for whom has no home
 * or can't write there.
 */
export function cacheFolders({ env, os, uid }: Surroundings): string[] {
  const named = env("MLFORGE_CACHE_DIR");
  if (named) return [resolve(named)];
  const absolute = (path: string | undefined) =>
    path !== undefined && resolve(path) === path ? path : undefined;
  const home = absolute(env("HOME"));
  const inHome = home === undefined
    ? undefined
    : os === "darwin"
    ? join(home, "Library", "Caches")
    : join(home, ".cache");
  const user = os === "windows" ? env("LOCALAPPDATA") : absolute(env("XDG_CACHE_HOME")) ?? inHome;
  const temporary = os === "windows" ? env("TEMP") : env("TMPDIR") || "/tmp";
  return [
    ...(user ? [join(user, "mlforge")] : []),
    ...(temporary ? [join(temporary, uid === null ? "mlforge" : `mlforge-${uid}`)] : []),
  ];
}
