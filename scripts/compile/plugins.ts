import { builtinModules } from "node:module";
import { join } from "node:path";
import type { Plugin } from "esbuild";

const LAZILY = /\blazily<typeof import\(("[^"]+")\)>\(\s*\1,\s*import\.meta\.url,?\s*\)/g;

/** Shows the bundler what src/lazy.ts hides from Deno, and workers under the names they have in the bundle. */
export function hiddenImports(src: string): Plugin {
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

/**
 * Node's own modules: named `node:` for Deno, and had without `require`, which a module in Deno lacks. Packages that still
 * use old parts of Node are not the user's concern: outside of a node_modules folder, Deno would tell of them.
 */
export const builtins: Plugin = {
  name: "builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z]/ }, ({ path, kind, importer }) => {
      const name = path.replace(/^node:/, "");
      if (!builtinModules.includes(name)) return;
      if (kind === "require-call") return { path: name, namespace: "builtin-required" };
      return importer.includes("node_modules")
        ? { path: name, namespace: "builtin-imported" }
        : { path: `node:${name}`, external: true };
    });
    const quiet = "globalThis.process.noDeprecation = true;";
    onLoad({ filter: /./, namespace: "builtin-required" }, ({ path }) => ({
      contents: `${quiet} module.exports = process.getBuiltinModule("${path}");`,
    }));
    onLoad({ filter: /./, namespace: "builtin-imported" }, async ({ path }) => ({
      contents: `${await named(`node:${path}`)} export default all.default; ${quiet}`,
    }));
  },
};

/** Packages in CommonJS that are imported on use, by names that esbuild can't see in them. */
const COMMON_JS = ["@duckdb/node-api", "google-auth-library"];

/** Gives such a package its names, one by one. */
export const commonJs: Plugin = {
  name: "common-js",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /./ }, ({ path, kind, resolveDir }) => {
      if (kind !== "dynamic-import" || !COMMON_JS.includes(path)) return;
      return { path, namespace: "common-js", pluginData: resolveDir };
    });
    onLoad({ filter: /./, namespace: "common-js" }, async ({ path, pluginData }) => ({
      contents: await named(path),
      resolveDir: pluginData,
    }));
  },
};

/** The text of a module that gives what another one gives, by the names that this has here. */
async function named(path: string): Promise<string> {
  const names = Object.keys(await import(path)).filter((name) => /^\w+$/.test(name) && name !== "default");
  return `import * as all from "${path}"; export const { ${names.join(", ")} } = all;`;
}

/** The name in the bundle, of what parquet-wasm reads from a file beside itself, compressed. */
export const WASM = "parquet_wasm.gz";

/** Unpacks it on use: what a binary embeds is read at each start, whoever needs it. */
export const wasm: Plugin = {
  name: "wasm",
  setup({ onLoad }) {
    onLoad({ filter: /parquet_wasm\.js$/ }, async ({ path }) => {
      const text = await Deno.readTextFile(path);
      const contents = text
        .replace("${__dirname}/parquet_wasm_bg.wasm", `\${__dirname}/${WASM}`)
        .replace("require('fs').readFileSync(wasmPath)", "require('zlib').gunzipSync($&)");
      if (!contents.includes(WASM) || !contents.includes("gunzipSync")) {
        throw new Error(`${path} reads its code in another way`);
      }
      return { contents };
    });
  },
};

/** A constant of a module that is called or joined from others, up to its end: the first line that ends outside of it. */
const MADE = /^var (\w+) = ((?:new |define\w+\(|\w+_SCHEMA\.|`)(?:.*|.*\n(?:\t.*\n)*[^\t\n].*));$/gm;

/**
 * js-yaml makes schemas, and large patterns for writing, as it is loaded. Marked as pure, what reading YAML does without is
 * left out: 2 ms of a command's start.
 */
export const yaml: Plugin = {
  name: "yaml",
  setup({ onLoad }) {
    onLoad({ filter: /js-yaml\.mjs$/ }, async ({ path }) => {
      const text = await Deno.readTextFile(path);
      const contents = text.replace(MADE, "var $1 = /* @__PURE__ */ (() => $2)();");
      if (contents === text) throw new Error(`${path} makes its constants in another way`);
      return { contents };
    });
  },
};

/** DuckDB's addon can't be loaded out of a binary: src/engines/duckdb/addon/ brings it to disk and loads it there. */
export function addon(root: string): Plugin {
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
