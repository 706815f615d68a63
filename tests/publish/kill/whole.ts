import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openLocalPublisher } from "../../../src/publish/local.ts";
import { stableJson } from "../../../src/publish/meta.ts";
import { parsePointer } from "../../../src/publish/read_meta.ts";
import { readTextIfThere } from "../../../src/stores/files.ts";
import type { View } from "../whole.ts";

export const FEATURES = ["clicks", "orders", "visits"];

export function spawnChild(
  store: string,
  name: string,
  rounds: number | string,
  ...options: string[]
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      fileURLToPath(new URL("./child.ts", import.meta.url)),
      store,
      name,
      String(rounds),
      ...options,
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** A local store of these features, as its readers see it. */
export function viewOf(store: string): View {
  return {
    features: FEATURES,
    open: () => Promise.resolve(openLocalPublisher(store)),
    read: (path) => readTextIfThere(`${store}/${path}`),
  };
}

/** Nothing but the layout in the features' folders, pointers of a version and no more, nobody's files in the working folders, no open commit. */
export async function assertCleared(store: string): Promise<void> {
  const strange: string[] = [];
  for (const feature of FEATURES) {
    const pointer = await Deno.readTextFile(`${store}/${feature}/_latest.json`);
    assert.equal(pointer, stableJson({ version: parsePointer(pointer, feature).version }));
    for (const path of await walk(`${store}/${feature}`)) {
      if (!/^(_latest\.json|\.gitignore|\d+\.\d+\.\d+\/(data\.parquet|\.meta\.json))$/.test(path)) {
        strange.push(path);
      }
    }
  }
  assert.deepEqual(strange, []);
  assert.deepEqual(await walk(`${store}/_mlforge/tx`), []);
  assert.match(await Deno.readTextFile(`${store}/_mlforge/journal.json`), /"state": "done"/);
}

async function walk(folder: string, base = ""): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) paths.push(...await walk(`${folder}/${entry.name}`, `${base}${entry.name}/`));
    else paths.push(base + entry.name);
  }
  return paths;
}

export async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    if (entry.isDirectory) await copyFolder(`${from}/${entry.name}`, `${to}/${entry.name}`);
    else await Deno.copyFile(`${from}/${entry.name}`, `${to}/${entry.name}`);
  }
}
