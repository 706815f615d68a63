import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";
import { joinFirstGraph } from "./first_graph.ts";
import { addon, builtins, commonJs, hiddenImports, WASM, wasm } from "./plugins.ts";

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
  await joinFirstGraph(folder);
  await copyFile(join(packages, "parquet-wasm", "node", "parquet_wasm_bg.wasm"), join(folder, WASM));
}

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
