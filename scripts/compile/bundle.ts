import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";
import { joinGraph } from "./join_graph.ts";
import { addon, builtins, commonJs, hiddenImports, WASM, wasm, yaml } from "./plugins.ts";

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
    entryPoints: { main: "src/cli/standalone.ts", start: "src/workers/start.ts" },
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
    plugins: [hiddenImports(join(root, "src")), builtins, commonJs, wasm, yaml, addon(root)],
  });
  requireNames(metafile);
  await joinGraph(folder, "main.js", "first.js");
  await joinGraph(folder, outputOf(metafile, "src/cli/run.ts"), "command_line.js");
  const code = await Deno.readFile(join(packages, "parquet-wasm", "node", "parquet_wasm_bg.wasm"));
  await Deno.writeFile(join(folder, WASM), gzipSync(code, { level: 9 }));
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

/** The file that a module became which is imported on use. */
function outputOf({ outputs }: Metafile, module: string): string {
  const [file] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === module) ?? [];
  if (file === undefined) throw new Error(`Nothing imports ${module} on use`);
  return basename(file);
}
