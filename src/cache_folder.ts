/** The user's cache folder for mlforge, or undefined where there is no home. */
export function cacheFolder(env: (name: string) => string | undefined): string | undefined {
  const own = env("MLFORGE_CACHE_DIR");
  if (own) return own;
  const base = env("XDG_CACHE_HOME") || env("LOCALAPPDATA") ||
    (env("HOME") ? `${env("HOME")}/.cache` : "");
  // Not by path.ts: it awaits, and what DuckDB's addon is found by can't.
  return base ? `${base}/mlforge` : undefined;
}
