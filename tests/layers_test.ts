import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";

const SRC = new URL("../src", import.meta.url).pathname;

/** Folders of src/, highest first: each knows itself and those below it, and all know the files in src/ itself. */
const LAYERS = [
  "cli",
  "audit",
  "build",
  "retrieve",
  "workers",
  "engines",
  "fetch",
  "publish",
  "definitions",
  "profile",
  "yaml",
  "stores",
];

async function* modules(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* modules(path);
    else if (entry.name.endsWith(".ts")) yield path;
  }
}

const layerOf = (path: string) => {
  const parts = relative(SRC, path).split("/");
  return parts.length === 1 ? undefined : parts[0] ?? "";
};

Deno.test("No folder of src/ imports from one above it", async () => {
  const upwards: string[] = [];
  let imports = 0;
  for await (const path of modules(SRC)) {
    const from = layerOf(path);
    assert(from === undefined || LAYERS.includes(from), `src/${from}/ has no place in the order of folders`);
    const text = await Deno.readTextFile(path);
    for (
      const [, specifier = ""] of text.matchAll(/(?:from|import\(|lazily<typeof import\() ?"(\.[^"]+)"/g)
    ) {
      imports++;
      const to = layerOf(join(dirname(path), specifier));
      if (to === undefined) continue;
      const upward = from === undefined || LAYERS.indexOf(to) < LAYERS.indexOf(from);
      if (upward) upwards.push(`${relative(SRC, path)} imports ${specifier}`);
    }
  }
  assert(imports > 100);
  assert.deepEqual(upwards, []);
});
