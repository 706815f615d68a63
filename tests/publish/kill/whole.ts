import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { openLocalPublisher } from "../../../src/publish/local.ts";
import { stableJson } from "../../../src/publish/meta.ts";
import type { Snapshot } from "../../../src/publish/publisher.ts";
import { parseMeta, parsePointer } from "../../../src/publish/read_meta.ts";
import { dataText } from "../contract.ts";

export const FEATURES = ["clicks", "orders", "visits"];

export function spawnChild(
  store: string,
  name: string,
  rounds: number,
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

/** Which batch mlforge's readers see: of all three features, or of none. */
export async function visibleBatch(store: string, snapshot?: Snapshot): Promise<string | undefined> {
  const publisher = openLocalPublisher(store);
  const seen = snapshot ?? await publisher.read();
  const texts = await Promise.all(
    [...seen.features].map(async ([feature, { version }]) => {
      const text = await dataText(publisher, feature, version);
      assert.ok(text.startsWith(`${feature} of `), `${feature} has its own data, not "${text}"`);
      return text.slice(`${feature} of `.length);
    }),
  );
  const batches = new Set(texts);
  assert.ok(batches.size <= 1, `all features are of one batch: ${[...batches].join(" | ")}`);
  assert.ok(
    texts.length === 0 || texts.length === FEATURES.length,
    `all features or none, not ${texts.length}`,
  );
  return texts[0];
}

/** What a reader sees who knows nothing of mlforge: each pointer names a version that is whole. */
export async function assertFilesWhole(store: string): Promise<void> {
  for (const feature of FEATURES) {
    const pointer = await Deno.readTextFile(`${store}/${feature}/_latest.json`).catch(() => undefined);
    if (pointer === undefined) continue;
    const { version } = parsePointer(pointer, feature);
    assert.equal(pointer, stableJson({ version }));
    const folder = `${store}/${feature}/${version}`;
    const meta = parseMeta(await Deno.readTextFile(`${folder}/.meta.json`), folder);
    const data = await Deno.readFile(`${folder}/data.parquet`);
    assert.equal(createHash("sha256").update(data).digest("hex"), meta.content_hash);
  }
}

/** Nothing but the layout in the features' folders, nobody's files in the working folders, no open commit. */
export async function assertCleared(store: string): Promise<void> {
  const strange: string[] = [];
  for (const feature of FEATURES) {
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
