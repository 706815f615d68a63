import { join } from "node:path";
import { build } from "esbuild";

/** A static import of a chunk, in what esbuild writes: `import{a,b as c}from"./chunk-X.js"` or `import"./chunk-X.js"`. */
const CHUNK_IMPORT = /import(?:\{([^}]*)\}from)?"\.\/(chunk-\w+)\.js"/g;

/**
 * Makes one file, `joined`, of the chunks that `entry` imports at its start: each file of a binary takes its time to load.
 * Their names go by the chunk they came from, so that none meets another; all other files import them from the one.
 */
export async function joinGraph(folder: string, entry: string, joined: string): Promise<void> {
  const chunks = [...await staticChunks(folder, entry)];
  const exported = await exportsOf(folder, chunks);
  const lines = chunks.map((chunk, i) => {
    const names = (exported.get(chunk) ?? []).map((name) => `${name} as ${prefixed(i, name)}`);
    return names.length === 0
      ? `import "./${chunk}.js";`
      : `export { ${names.join(", ")} } from "./${chunk}.js";`;
  });
  await build({
    stdin: { contents: lines.join("\n"), resolveDir: folder, loader: "js" },
    outfile: join(folder, joined),
    bundle: true,
    format: "esm",
    platform: "node",
    target: "esnext",
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: "warning",
    plugins: [{
      name: "stay-apart",
      setup: ({ onResolve }) =>
        onResolve(
          { filter: /^\.\// },
          ({ path, kind }) =>
            kind === "dynamic-import" || !chunks.includes(path.slice(2, -3))
              ? { path, external: true }
              : null,
        ),
    }],
  });
  const numbers = new Map(chunks.map((chunk, i) => [chunk, i]));
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".js") || name === joined) continue;
    const path = join(folder, name);
    if (numbers.has(name.slice(0, -3))) {
      await Deno.remove(path);
      continue;
    }
    const text = await Deno.readTextFile(path);
    const redirected = text.replace(CHUNK_IMPORT, (whole, names: string | undefined, chunk: string) => {
      const number = numbers.get(chunk);
      if (number === undefined) return whole;
      if (names === undefined) return `import"./${joined}"`;
      const list = names.split(",").map((one) => {
        const [from = "", as = from] = one.trim().split(/\s+as\s+/);
        return `${prefixed(number, from)} as ${as}`;
      });
      return `import{${list.join(",")}}from"./${joined}"`;
    });
    await Deno.writeTextFile(path, redirected);
  }
}

function prefixed(chunk: number, name: string): string {
  return `c${chunk}_${name}`;
}

/** The chunks that a file loads before it runs, without their endings. */
async function staticChunks(folder: string, entry: string): Promise<Set<string>> {
  const found = new Set<string>();
  const follow = async (file: string) => {
    const text = await Deno.readTextFile(join(folder, file));
    for (const [, , chunk = ""] of text.matchAll(CHUNK_IMPORT)) {
      if (found.has(chunk)) continue;
      found.add(chunk);
      await follow(`${chunk}.js`);
    }
  };
  await follow(entry);
  return found;
}

async function exportsOf(folder: string, chunks: readonly string[]): Promise<Map<string, string[]>> {
  const { metafile } = await build({
    entryPoints: chunks.map((chunk) => join(folder, `${chunk}.js`)),
    outdir: folder,
    write: false,
    metafile: true,
    format: "esm",
    logLevel: "warning",
  });
  return new Map(
    Object.values(metafile.outputs).map(({ entryPoint = "", exports }) => [
      entryPoint.replace(/^.*\//, "").replace(/\.js$/, ""),
      exports,
    ]),
  );
}
