import { stableJson } from "../../../src/publish/meta.ts";
import type { Objects } from "../memory_store.ts";
import { sampleMeta } from "../sample_batch.ts";
import {
  builder,
  collector,
  type Ending,
  FEATURES,
  hashOf,
  mover,
  pointerReader,
  reader,
  type Stage,
} from "./actors.ts";
import { type Chance, seeded } from "./chance.ts";
import { type History, json, MANIFEST, newHistory, require, type Watch, watch } from "./ledger.ts";
import type { Product } from "./product.ts";
import { newWorld, type Unfit, type Weather, type World } from "./world.ts";

export interface Result {
  endings: Ending[];
  requests: number;
  killed: number;
  /** The run was cut off: its processes found no end. */
  endless: boolean;
}

const TEXTS = ["x", "y", "z"];
const LONGEST = 5_000;

/** One run, decided by its seed alone. Throws the Violation that it finds. */
export async function simulate(
  seed: number,
  product: Product,
  trace?: (line: string) => void,
): Promise<Result> {
  const chance = seeded(seed);
  const history = newHistory();
  const objects: Objects = new Map();
  const unfit: Unfit = chance.is(0.02)
    ? chance.pick(["ignores create", "ignores match"] as const)
    : undefined;
  // What becomes of an unfit store is nobody's promise, but that nothing is ever committed there.
  const changed: Watch = unfit === undefined ? watch(objects, history) : (key, _, after) => {
    const seq = key === MANIFEST && after !== undefined ? json<{ seq: number }>(after).seq : 0;
    require(seq === 0, "fit server", `committed on a server that ${unfit}`);
  };
  const world = newWorld({
    chance,
    weather: weatherOf(chance),
    unfit,
    objects,
    changed,
    trace,
  });
  const stage: Stage = { product, chance, history, endings: [] };
  if (unfit === undefined && chance.is(0.25)) {
    publishElsewhere(world, history, chance, "1.0.0", FEATURES.slice(0, 2));
  }
  for (const name of objects.keys()) {
    if (name.endsWith("/_latest.json")) history.early.add(name.slice(0, -13));
  }

  let killed = 0;
  let started = 0;
  const builders = 2 + chance.below(3);
  const build = () => world.run(`builder ${++started}`, newBuilder(stage));
  for (let i = 0; i < builders; i++) await build();
  if (chance.is(0.5)) await world.run("collector 0", collector(stage));
  let others = 0;
  let moved: string | undefined;
  let steps = 0;
  while (await world.step()) {
    if (++steps > LONGEST) {
      return { endings: stage.endings, requests: world.requests(), killed, endless: true };
    }
    const clients = world.clients();
    if (clients.length === 0) continue;
    if (killed < 4 && chance.is(0.015)) {
      if (chance.is(0.7)) world.kill(chance.pick(clients));
      else world.cutOff(chance.pick(clients));
      killed++;
      if (started < builders + 2) await build();
    }
    if (others < 6 && chance.is(0.05)) {
      others++;
      const what = chance.below(5);
      if (what === 0) await world.run(`collector ${others}`, collector(stage));
      else if (what === 1) await world.run(`mover ${others}`, mover(stage));
      else if (what === 2) await world.run(`reader ${others}`, reader(stage));
      else if (what === 3) {
        await world.run(`pointer reader ${others}`, pointerReader(stage, chance.pick(FEATURES)));
      } else if (started < builders + 2) await build();
    }
    if (moved === undefined && unfit === undefined && chance.is(0.0005)) {
      moved = chance.pick(FEATURES);
      publishElsewhere(world, history, chance, "9.0.0", [moved]);
    }
  }
  const result = { endings: stage.endings, requests: world.requests(), killed, endless: false };
  if (unfit !== undefined) return result;
  require(
    !stage.endings.some((e) => e.told === "refused the server"),
    "fit server",
    "refused a server that is fit",
  );
  isHonest(stage);
  await heal(stage, world, moved);
  return result;
}

function weatherOf(chance: Chance): Weather {
  return {
    lost: chance.pick([0, 0.05, 0.2]),
    refused: chance.pick([0, 0.05]),
    repeated: chance.pick([0, 0.05]),
    newestFirst: chance.pick([0.5, 0.8, 0.95]),
    faults: chance.pick([2, 6, 12]),
  };
}

function newBuilder({ product, chance, history, endings }: Stage) {
  const features = FEATURES.filter(() => chance.is(0.6));
  const texts = new Map((features.length === 0 ? FEATURES : features).map((f) => [f, chance.pick(TEXTS)]));
  const requested = chance.is(0.1) ? `${2 + chance.below(2)}.0.0` : undefined;
  return builder({ product, chance, history, endings }, texts, requested);
}

/** A tool that knows nothing of M publishes: data, metadata, then the pointer. */
function publishElsewhere(
  world: World,
  history: History,
  chance: Chance,
  version: string,
  features: readonly string[],
): void {
  for (const feature of features) {
    const content = hashOf(`elsewhere ${chance.below(2)}`);
    if (world.objects.has(`${feature}/${version}/data.parquet`)) continue;
    history.versions.set(`${feature}@${version}`, content);
    const meta = { ...sampleMeta("", feature, version, "", "first"), content_hash: content };
    const text = stableJson(meta);
    const pointer = stableJson({ version });
    world.write(`${feature}/${version}/data.parquet`, "", content);
    world.write(`${feature}/${version}/.meta.json`, text, hashOf(text));
    world.write(`${feature}/_latest.json`, pointer, hashOf(pointer));
  }
}

/** What everyone was told is what happened, also after everything late has come. */
function isHonest({ endings, history }: Stage): void {
  for (const ending of endings) {
    if (ending.told === "published") {
      require(history.committed.has(ending.tx), "honest answer", `${ending.tx} was told published`);
    } else if (ending.told === "not published" && ending.tx !== undefined) {
      require(!history.committed.has(ending.tx), "honest answer", `${ending.tx} was told: ${ending.why}`);
    }
  }
}

/** One more run, without faults: everything that was committed is complete. */
async function heal({ product }: Stage, world: World, moved: string | undefined): Promise<void> {
  world.calm();
  let stopped = false;
  await world.run("healer", async (context) => {
    try {
      await product.start(context);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes("something else")) throw error;
      stopped = true;
    }
  });
  while (await world.step());
  const { objects } = world;
  const manifest = objects.get(MANIFEST);
  require(manifest !== undefined, "healed", "there is no M");
  type Current = Record<string, { version: string; seq: number }>;
  const { pending, features, retired } = json<{
    pending: { feature: string }[];
    features: Current;
    retired: Current;
  }>(manifest);
  require(
    stopped ? moved !== undefined : pending.length === 0,
    "healed",
    `${pending.map((p) => p.feature)} pending`,
  );
  for (const [feature, { seq }] of Object.entries(retired)) {
    const pointer = objects.get(`${feature}/_latest.json`);
    const found = pointer === undefined ? undefined : json<{ version: null; seq: number }>(pointer);
    const done = feature === moved || (found?.version === null && found.seq === seq);
    require(done, "healed", `${feature} is retired (${seq}), but its pointer says ${found?.version}`);
  }
  for (const [feature, { version, seq }] of Object.entries(features)) {
    if (feature === moved) continue;
    const pointer = objects.get(`${feature}/_latest.json`);
    const found = pointer === undefined ? undefined : json<{ version: string; seq?: number }>(pointer);
    const done = found?.version === version && (found.seq ?? 0) === seq;
    require(
      done,
      "healed",
      `${feature} ${version} (${seq}), but its pointer says ${found?.version} (${found?.seq})`,
    );
    require(
      objects.has(`${feature}/${version}/.meta.json`),
      "healed",
      `${feature} ${version} has no metadata`,
    );
  }
}
