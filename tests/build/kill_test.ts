import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { parseMeta, parsePointer } from "../../src/publish/read_meta.ts";
import { openPublisher } from "../../src/publish/open.ts";
import { DEFINITIONS, EVENTS, openWorkshop, type Workshop } from "./workshop.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const FEATURES = ["shops", "spend"];

function startBuild(shop: Workshop): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", MAIN, "build", "--quiet"],
    cwd: shop.folder,
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

async function finish(child: Deno.ChildProcess): Promise<{ code: number; stderr: string }> {
  const { code, stderr } = await child.output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

function newShop(): Promise<Workshop> {
  return openWorkshop({
    "mlforge.yaml":
      "default_profile: dev\nprofiles:\n  dev:\n    offline_store: {KIND: local, path: ./store}\n",
    "definitions.yaml": DEFINITIONS,
    "events.csv": EVENTS,
  });
}

/** A reader that knows nothing of mlforge: pointer, then metadata and data of that version, which must fit. */
async function naiveVersion(shop: Workshop, feature: string): Promise<string | undefined> {
  const folder = join(shop.store.path, feature);
  const pointer = await Deno.readTextFile(join(folder, "_latest.json")).catch(() => undefined);
  if (pointer === undefined) return undefined;
  const { version } = parsePointer(pointer, "pointer");
  assert.ok(version !== null);
  const meta = parseMeta(await Deno.readTextFile(join(folder, version, ".meta.json")), "metadata");
  const data = await Deno.readFile(join(folder, version, "data.parquet"));
  assert.equal(createHash("sha256").update(data).digest("hex"), meta.content_hash);
  return version;
}

/** After anything: each feature is whole for every reader, and the batch is all or nothing for mlforge's own. */
async function assertWhole(shop: Workshop, allowed: readonly (string | undefined)[]): Promise<void> {
  for (const feature of FEATURES) assert(allowed.includes(await naiveVersion(shop, feature)));
  const { features } = await (await openPublisher(shop.store)).read();
  const versions = new Set(FEATURES.map((feature) => features.get(feature)?.version));
  assert.equal(versions.size, 1, `a batch in part: ${[...versions]}`);
  assert(allowed.includes([...versions][0]));
}

/** A seeded series of numbers from 0 to 1 (mulberry32). */
function* series(seed: number): Generator<number> {
  for (let state = seed;;) {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    yield ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}

const KILLS = Number(Deno.env.get("MLFORGE_TEST_KILLS") ?? 20);

Deno.test(`A build killed at ${KILLS} seeded moments leaves a whole store, and the next build heals it`, async () => {
  await using shop = await newShop();
  const before = performance.now();
  assert.equal((await finish(startBuild(shop))).code, 0);
  const usual = performance.now() - before;
  const moments = series(20261123);
  let version = "1.0.0";
  for (let kill = 1; kill <= KILLS; kill++) {
    await shop.write("events.csv", `${EVENTS}zoe,2026-01-05T00:00:00,${kill},1\n`);
    const child = startBuild(shop);
    // From a bit before the workers start to a bit after all is published.
    const wait = usual * (0.2 + (moments.next().value ?? 0));
    await new Promise((resolve) => setTimeout(resolve, wait));
    try {
      child.kill("SIGKILL");
    } catch {
      // It was done already.
    }
    await child.output();
    const next = `1.0.${kill}`;
    await assertWhole(shop, [version, next]);
    const healed = await finish(startBuild(shop));
    assert.equal(healed.code, 0, healed.stderr);
    await assertWhole(shop, [next]);
    version = next;
  }
  const left = [...Deno.readDirSync(join(shop.store.path, "_mlforge", "tx"))].map((entry) => entry.name);
  assert.deepEqual(left, []);
});

Deno.test("Two builds of the same features at once publish one after the other, or find nothing to do", async () => {
  await using shop = await newShop();
  for (let round = 0; round < 3; round++) {
    await shop.write("events.csv", `${EVENTS}zoe,2026-01-05T00:00:00,${round},1\n`);
    const ends = await Promise.all([startBuild(shop), startBuild(shop), startBuild(shop)].map(finish));
    assert.deepEqual(ends.map((end) => end.code), [0, 0, 0], ends.map((end) => end.stderr).join());
    await assertWhole(shop, [`1.0.${round}`]);
  }
});

Deno.test("SIGTERM ends a build with 143 and leaves nothing behind", async () => {
  await using shop = await newShop();
  await shop.write(
    "definitions.yaml",
    DEFINITIONS.replace(
      "select user, count(distinct shop) as shops from events group by user",
      "select user, sum(hash(a.range + b.range) % 7)::bigint as shops from events, range(1000000) a, range(1000000) b group by user",
    ),
  );
  const child = startBuild(shop);
  const folder = join(shop.store.path, "_mlforge", "tx");
  // Until the build has its folder, there is nothing to be left behind.
  while ((await Deno.stat(folder).catch(() => undefined)) === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await new Promise((resolve) => setTimeout(resolve, 400));
  child.kill("SIGTERM");
  const { code, stderr } = await finish(child);
  assert.equal(code, 143, stderr);
  assert.deepEqual([...Deno.readDirSync(folder)], []);
  assert.deepEqual(await shop.published(), {});
});
