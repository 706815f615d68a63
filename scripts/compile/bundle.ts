import { copyFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Metafile, type Plugin } from "esbuild";

export interface BundleOptions {
  /** The source tree. */
  root: string;
  /** The node_modules folder. */
  packages: string;
  /** Where the bundle goes: main.js, start.js (the workers'), and chunks that are loaded on use. */
  folder: string;
}

/** Bundles the command line and the worker with all they import, each `import()` as a chunk of its own. */
export async function bundle({ root, packages, folder }: BundleOptions): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { main: "main.ts", start: "src/workers/start.ts" },
    outdir: folder,
    nodePaths: [packages],
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "esnext",
    mainFields: ["module", "main"],
    // Names stay, so that traces in reports can be read.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    logLevel: "warning",
    define: { __dirname: "bundleFolder" },
    inject: [fileURLToPath(new URL("./bundle_folder.js", import.meta.url))],
    metafile: true,
    plugins: [hiddenImports(join(root, "src")), builtins, commonJs, wasm, addon(root)],
  });
  requireNames(metafile);
  await copyFile(join(packages, "parquet-wasm", "node", "parquet_wasm_bg.wasm"), join(folder, WASM));
}

const LAZILY = /\blazily<typeof import\(("[^"]+")\)>\(\s*\1,\s*import\.meta\.url,?\s*\)/g;

/** Shows the bundler what src/lazy.ts hides from Deno, and workers under the names they have in the bundle. */
function hiddenImports(src: string): Plugin {
  return {
    name: "hidden-imports",
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (!path.startsWith(src)) return;
        const text = await Deno.readTextFile(path);
        const contents = text
          .replace(LAZILY, "import($1)")
          .replace(/(new Worker\(new URL\("\.\/\w+)\.ts"/g, '$1.js"');
        if (/\blazily[<(]/.test(contents) && !path.endsWith("lazy.ts")) {
          throw new Error(`${path}: write lazily<typeof import("./x.ts")>("./x.ts", import.meta.url)`);
        }
        return { contents, loader: "ts" };
      });
    },
  };
}

/** Node's own modules: named `node:` for Deno, and had without `require`, which a module in Deno lacks. */
const builtins: Plugin = {
  name: "builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z]/ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, "");
      if (!builtinModules.includes(name)) return;
      return kind === "require-call"
        ? { path: name, namespace: "builtin" }
        : { path: `node:${name}`, external: true };
    });
    onLoad({ filter: /./, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
    }));
  },
};

/** Packages in CommonJS that are imported on use, by names that esbuild can't see in them. */
const COMMON_JS = ["@duckdb/node-api"];

/** Gives such a package its names, one by one. */
const commonJs: Plugin = {
  name: "common-js",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /./ }, ({ path, kind, resolveDir }) => {
      if (kind !== "dynamic-import" || !COMMON_JS.includes(path)) return;
      return { path, namespace: "common-js", pluginData: resolveDir };
    });
    onLoad({ filter: /./, namespace: "common-js" }, async ({ path, pluginData }) => {
      const names = Object.keys(await import(path)).filter((name) =>
        /^\w+$/.test(name) && name !== "default"
      );
      const contents = `import all from "${path}"; export const { ${names.join(", ")} } = all;`;
      return { contents, resolveDir: pluginData };
    });
  },
};

/** Our own code takes names from what it imports on use; of CommonJS it would get `default` alone. */
function requireNames({ inputs }: Metafile): void {
  for (const [file, { imports }] of Object.entries(inputs)) {
    for (const { kind, path } of file.startsWith("src/") ? imports : []) {
      if (kind !== "dynamic-import" || inputs[path]?.format !== "cjs") continue;
      // This one is made for `default`, in every runtime.
      if (!path.includes("/parquet-wasm/")) throw new Error(`${file} imports ${path}: add it to COMMON_JS`);
    }
  }
}

/** A name that `deno compile` does not take for a module, whose imports it would look for. */
const WASM = "parquet_wasm.bin";

/** parquet-wasm reads its code from a file beside itself. */
const wasm: Plugin = {
  name: "wasm",
  setup({ onLoad }) {
    onLoad({ filter: /parquet_wasm\.js$/ }, async ({ path }) => {
      const text = await Deno.readTextFile(path);
      const contents = text.replace("${__dirname}/parquet_wasm_bg.wasm", `\${__dirname}/${WASM}`);
      if (contents === text) throw new Error(`${path} reads its code in another way`);
      return { contents };
    });
  },
};

/** DuckDB's addon can't be loaded out of a binary: src/engines/duckdb/addon/ brings it to disk and loads it there. */
function addon(root: string): Plugin {
  const load = join(root, "src", "engines", "duckdb", "addon", "load.ts");
  return {
    name: "addon",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^@duckdb\/node-bindings$/ }, ({ path }) => ({ path, namespace: "addon" }));
      onLoad({ filter: /./, namespace: "addon" }, () => ({
        contents: `module.exports = require(${JSON.stringify(load)}).loadAddon()`,
        resolveDir: root,
      }));
    },
  };
}
