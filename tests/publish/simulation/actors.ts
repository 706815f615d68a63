import type { MlforgeError } from "../../../src/error.ts";
import type { Change } from "../../../src/publish/object_store/commit.ts";
import type { Context } from "../../../src/publish/object_store/exchange.ts";
import { readText } from "../../../src/publish/object_store/exchange.ts";
import { dataKey, metadataKey, pointerKey } from "../../../src/publish/object_store/keys.ts";
import type { Move, PublishOutcome, Snapshot } from "../../../src/publish/publisher.ts";
import { sampleMeta, sha256, WHO } from "../sample_batch.ts";
import type { Chance } from "./chance.ts";
import { type History, isCollected, momentOf, type Plan, require } from "./ledger.ts";
import type { Product } from "./product.ts";
import type { Client } from "./world.ts";

/** How a process ended, as its user was told. */
export type Ending =
  | { told: "published"; tx: string }
  /** Nothing of it is visible. */
  | { told: "not published"; tx: string | undefined; why: string }
  | { told: "unknown"; tx: string | undefined }
  | { told: "refused the server" };

export interface Stage {
  product: Product;
  chance: Chance;
  history: History;
  endings: Ending[];
}

export const FEATURES = ["a", "b", "constructor"];

const ROUNDS = 3;

/** One build: stages data in parallel, commits, plans again what was lost. */
export function builder(stage: Stage, texts: ReadonlyMap<string, string>, requested: string | undefined) {
  return async (context: Context, client: Client): Promise<void> => {
    let tx: string | undefined;
    const { product, history, chance } = stage;
    await concluding(stage, client, () => tx, async () => {
      // As a build does, which looks before it knows that there is something to write.
      const seen = chance.is(0.5) ? await product.look(context) : undefined;
      const session = await product.start(context, seen);
      tx = session.tx;
      const name = tx;
      let { moment } = session;
      let changes = await Promise.all(
        [...texts].map(([f, text]) => stageOne(product, context, name, moment.manifest, f, text, requested)),
      );
      for (let round = 1; round <= ROUNDS; round++) {
        history.plans.set(tx, planOf(changes));
        const { outcome, moment: now } = await product.publish(context, moment, {
          tx,
          round,
          who: WHO,
          kind: "build",
          changes,
        });
        if (outcome.kind === "published") return outcome;
        require(!history.committed.has(tx), "honest answer", `${tx} was told lost`);
        moment = now;
        const again = new Set(outcome.features);
        changes = await Promise.all(changes.map((change) => {
          const text = texts.get(change.feature) ?? "";
          return again.has(change.feature)
            ? stageOne(product, context, name, outcome.snapshot, change.feature, text, undefined)
            : change;
        }));
      }
      return undefined;
    });
  };
}

async function stageOne(
  product: Product,
  context: Context,
  tx: string,
  on: Pick<Snapshot, "features" | "top">,
  feature: string,
  text: string,
  requested: string | undefined,
): Promise<Change> {
  const base = on.features.get(feature);
  const top = on.top.get(feature);
  const bump = base === undefined ? "first" : "minor";
  const contentHash = hashOf(text);
  const { version } = await product.stage(context, {
    tx,
    feature,
    file: text,
    bytes: text.length,
    contentHash,
    wish: {
      bump,
      ...(base === undefined ? {} : { published: base.version }),
      ...(top === undefined ? {} : { top }),
      ...(requested === undefined ? {} : { requested }),
    },
  });
  const meta = { ...sampleMeta(tx, feature, version, text, bump), content_hash: contentHash };
  const { config_hash, schema_hash, source_hash } = meta;
  return {
    feature,
    base,
    meta,
    after: { version, content_hash: contentHash, config_hash, schema_hash, source_hash },
  };
}

function planOf(changes: readonly Change[]): Plan {
  return {
    build: true,
    features: new Map(changes.map(({ feature, base, after }) => [feature, {
      version: after?.version ?? null,
      content: after?.content_hash,
      base: base === undefined ? undefined : { version: base.version, seq: base.seq },
    }])),
  };
}

const hashes = new Map<string, string>();
/** There are few contents: each is hashed once for all runs. */
export function hashOf(text: string): string {
  const hash = hashes.get(text) ?? sha256(text);
  hashes.set(text, hash);
  return hash;
}

/** Goes back to versions that the store lists, or retires; what it plans on, the ledger reads in its record. */
export function mover(stage: Stage) {
  return async (context: Context, client: Client): Promise<void> => {
    const { product, chance, history } = stage;
    await concluding(stage, client, () => history.moves.get(client.name), async () => {
      const { features } = await product.readSnapshot(context);
      const targets: Move[] = [];
      for (const feature of chance.is(0.3) ? FEATURES : features.keys()) {
        if (targets.length > 0 && chance.is(0.5)) continue;
        if (features.has(feature) && chance.is(0.3)) {
          targets.push({ feature, version: null });
          continue;
        }
        const versions = [...(await product.readVersions(context, feature)).keys()];
        if (versions.length > 0) targets.push({ feature, version: chance.pick(versions) });
      }
      if (targets.length === 0) return undefined;
      const outcome = await product.move(context, targets, { ...WHO, command: client.name });
      // Where all targets are the published ones already there is no commit.
      return history.moves.has(client.name) ? outcome : undefined;
    });
  };
}

export function collector(stage: Stage) {
  return async (context: Context, client: Client): Promise<void> => {
    await concluding(stage, client, () => undefined, async () => {
      const { chance } = stage;
      const keep = chance.is(0.6) ? { keep: 1 + chance.below(2) } : {};
      await stage.product.collect(context, { ...keep, grace: new Date("2030-01-01") });
      return undefined;
    });
  };
}

/** mlforge's own reader: all features of one commit, and everything of each. */
export function reader({ product, history }: Stage) {
  return (context: Context): Promise<void> =>
    unlessOffline(async () => {
      const from = history.moments.length - 1;
      const snapshot = await product.readSnapshot(context);
      const to = history.moments.length;
      // Without M there are only pointers, and no moment.
      if (history.tokens.size === 0) return;
      const seen = momentOf({ features: Object.fromEntries(snapshot.features) });
      const possible = history.moments.slice(from, to);
      require(from === 0 || possible.includes(seen), "one moment", `${seen} was none of ${possible}`);
      for (const [feature, { version, content_hash }] of snapshot.features) {
        const meta = await product.readMetadata(context, feature, version);
        // Replaced since, and collected: a reader is told what is gone.
        if (isCollected(history, feature, version)) continue;
        require(meta?.content_hash === content_hash, "reader whole", `metadata of ${feature} ${version}`);
        const data = await context.store.head(dataKey(feature, version));
        if (isCollected(history, feature, version)) continue;
        require(data?.sha256 === content_hash, "reader whole", `data of ${feature} ${version}`);
      }
    });
}

/** Any other reader: the pointer, then that version's files. */
export function pointerReader({ history }: Stage, feature: string) {
  return (context: Context): Promise<void> =>
    unlessOffline(async () => {
      const pointer = await readText(context.store, pointerKey(feature));
      if (pointer === undefined) return;
      const version: string | null = JSON.parse(pointer.text).version;
      if (version === null) return;
      const metadata = await readText(context.store, metadataKey(feature, version));
      if (isCollected(history, feature, version)) return;
      require(metadata !== undefined, "pointer whole", `metadata of ${feature} ${version}`);
      const data = await context.store.head(dataKey(feature, version));
      if (isCollected(history, feature, version)) return;
      const hash: string = JSON.parse(metadata.text).content_hash;
      require(data?.sha256 === hash, "pointer whole", `data of ${feature} ${version}`);
    });
}

async function unlessOffline(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isMlforgeError(error) || !error.message.startsWith("The network failed")) throw error;
  }
}

function isMlforgeError(error: unknown): error is MlforgeError {
  return error instanceof Error && error.name === "MlforgeError";
}

/** Runs one writer to its end and notes what it was told. An error that nobody should see is thrown. */
async function concluding(
  { endings }: Stage,
  client: Client,
  tx: () => string | undefined,
  work: () => Promise<PublishOutcome | undefined>,
): Promise<void> {
  try {
    const outcome = await work();
    if (!client.alive) return;
    const name = tx();
    if (outcome?.kind === "published" && name !== undefined) endings.push({ told: "published", tx: name });
    else endings.push({ told: "not published", tx: name, why: "lost" });
  } catch (error) {
    if (!isMlforgeError(error)) throw error;
    const { code, message } = error;
    if (message.startsWith("Refused this store")) endings.push({ told: "refused the server" });
    else if (message.startsWith("Published")) endings.push({ told: "published", tx: tx() ?? "" });
    else if (code === "unknown_outcome") endings.push({ told: "unknown", tx: tx() });
    else endings.push({ told: "not published", tx: tx(), why: message });
  }
}
