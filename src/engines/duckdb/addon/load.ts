import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { MlforgeError } from "../../../error.ts";
import type { Manifest } from "./manifest.ts";
import { places } from "./places.ts";
import { unpack } from "./unpack.ts";

// In the standalone binary only. From source, DuckDB's addon is loaded by its npm package.

let checked: string | undefined;

/** What `@duckdb/node-bindings` gives. */
export function loadAddon(): unknown {
  // The addon uses an old part of Node; Deno says so to the user where the caller is not in a package's folder.
  process.noDeprecation = true;
  return createRequire(import.meta.url)(addonPath());
}

/** Tells a worker where the addon is that its process has checked. */
export function useAddon(path: string): void {
  checked = path;
}

/**
 * Where the addon lies on disk, ready to be loaded: taken out of the binary where it is not there yet, and checked by
 * owner and digest, once in a process. The library it is linked to is loaded here already, by its full path, since
 * LD_LIBRARY_PATH may lead to another one.
 */
export function addonPath(): string {
  return checked ??= place();
}

function place(): string {
  const from = new URL("./addon/", import.meta.url);
  const manifest: Manifest = JSON.parse(Deno.readTextFileSync(new URL("manifest.json", from)));
  const { version, platform, library, addon } = manifest;
  const reasons: string[] = [];
  const surroundings = { env: (name: string) => Deno.env.get(name), os: Deno.build.os, uid: Deno.uid() };
  for (const cache of places(surroundings)) {
    const folder = join(cache, `duckdb-${version}-${platform}`);
    try {
      unpack([library, addon], from, folder);
      Deno.dlopen(join(folder, library.name), {});
      return join(folder, addon.name);
    } catch (cause) {
      reasons.push(`${folder}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  throw new MlforgeError("failed", "Can't bring DuckDB's library to disk, where it has to be to be loaded", {
    hint: [
      ...reasons,
      "Set MLFORGE_CACHE_DIR to a folder of your own with 80 MB of room, on a disk that programs may run from.",
    ].join("\n"),
  });
}
