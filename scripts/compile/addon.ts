import { createHash } from "node:crypto";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Carried, Manifest } from "../../src/engines/duckdb/addon/manifest.ts";

/**
 * Puts DuckDB's addon and the library that it is linked to into the bundle, compressed, with a manifest that has their
 * digests. `packages` is the node_modules folder.
 */
export async function carryAddon(packages: string, folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const bindings = await Deno.realPath(join(packages, "@duckdb", "node-bindings"));
  const { version } = JSON.parse(await Deno.readTextFile(join(bindings, "package.json")));
  const { os, arch } = Deno.build;
  const platform = `${os === "windows" ? "win32" : os}-${arch === "x86_64" ? "x64" : "arm64"}`;
  const home = join(bindings, "..", `node-bindings-${platform}`);
  const carry = async (name: string): Promise<Carried> => {
    const data = await Deno.readFile(join(home, name));
    await Deno.writeFile(join(folder, `${name}.gz`), gzipSync(data, { level: 9 }));
    return { name, bytes: data.length, sha256: createHash("sha256").update(data).digest("hex") };
  };
  const library = { linux: "libduckdb.so", darwin: "libduckdb.dylib", windows: "duckdb.dll" }[os as string];
  if (library === undefined) throw new Error(`DuckDB has no library for ${os}`);
  const manifest: Manifest = {
    version,
    platform,
    library: await carry(library),
    addon: await carry("duckdb.node"),
  };
  await Deno.writeTextFile(join(folder, "manifest.json"), JSON.stringify(manifest));
}
