import { MlforgeError } from "../error.ts";
import type { GcsStoreConfig, S3StoreConfig } from "../stores/config.ts";
import type { Store } from "../stores/store.ts";
import { collect, wouldCollect } from "./object_store/collect.ts";
import type { Change } from "./object_store/commit.ts";
import { dataObject, dataState, download } from "./object_store/download.ts";
import type { Context } from "./object_store/exchange.ts";
import { dataKey } from "./object_store/keys.ts";
import { look, type Seen } from "./object_store/look.ts";
import { snapshotOf } from "./object_store/manifest.ts";
import { publish } from "./object_store/publish.ts";
import { readMetadata, readVersions } from "./object_store/read.ts";
import { readLog } from "./object_store/log.ts";
import { adopt, mend } from "./object_store/mend.ts";
import { move } from "./object_store/move.ts";
import { restore, stage, stageCopy } from "./object_store/stage.ts";
import { start } from "./object_store/start.ts";
import { verify } from "./object_store/verify.ts";
import type { Keeping } from "./object_store/kept.ts";
import type { Meta } from "./meta.ts";
import { makeTemporary } from "./owner.ts";
import type { Batch, Entry, Publisher, PublishOutcome, Snapshot, Who } from "./publisher.ts";
import { registerEntry } from "./register_entry.ts";

export interface ObjectPublisherOptions {
  /** This user's folder for downloaded data; without one it is downloaded anew by each process. */
  cache?: Keeping;
  /** What the store is, where it is a bucket's: parts of its data can then be read. */
  config?: S3StoreConfig | GcsStoreConfig;
  clock(): Date;
  /** In [0, 1), from a source that no two processes share: names of transactions are made of it. */
  random(): number;
  sleep(milliseconds: number): Promise<void>;
  /** Refuses to write to another project's store; undefined takes any. */
  project?: string;
}

/** The publisher of docs/publishing.md, "On an object store": the protocol, and the files of this computer around it. */
export function openObjectPublisher(store: Store, options: ObjectPublisherOptions): Publisher {
  const { cache, config, ...means } = options;
  const context: Context = { store, ...means };
  /** What each snapshot was made from: a batch can start from there. */
  const looks = new WeakMap<Snapshot, Seen>();
  /** Metadata never changes: what was read is not read again. */
  const known = new Map<string, Meta>();

  async function metadata(feature: string, version: string): Promise<Meta | undefined> {
    const name = `${feature}@${version}`;
    const meta = known.get(name) ?? await readMetadata(context, feature, version);
    if (meta !== undefined) known.set(name, meta);
    return meta;
  }

  return {
    async read() {
      const seen = await look(context);
      const snapshot = snapshotOf(seen.manifest);
      looks.set(snapshot, seen);
      return snapshot;
    },
    metadata,
    versions: async (feature) => [...(await readVersions(context, feature)).keys()],
    versionStates: (feature) => readVersions(context, feature),
    dataState: (data, { thorough = false } = {}) => dataState(context, data, thorough),
    async dataPath(feature, version) {
      const meta = await metadata(feature, version);
      if (meta === undefined) return undefined;
      return await download(
        context,
        cache ?? { folder: await Deno.makeTempDir({ prefix: "mlforge-data-" }), limit: Infinity },
        meta,
      );
    },
    ...(config === undefined ? {} : {
      async dataObject(feature: string, version: string) {
        const meta = await metadata(feature, version);
        return meta && await dataObject(context, { folder: cache?.folder, config }, meta);
      },
    }),
    openData: (feature, version) => store.get(dataKey(feature, version)),
    begin: (who, { from } = {}) => beginBatch(context, who, { from, seen: from && looks.get(from) }),
    stage: (request) => stage(context, request),
    stageCopy: (request) => stageCopy(context, request),
    move: async (moves, who, { from } = {}) =>
      publishedOr(await move(context, moves, who, from && looks.get(from))),
    log: () => readLog(context),
    verify: ({ thorough = false } = {}) => verify(context, { thorough }),
    async mend(findings, who, options = {}) {
      await mend(context, findings);
      const adopted = options.adopt ? await adopt(context, who) : undefined;
      if (adopted !== undefined) publishedOr(adopted);
    },
    collect: (policy) => collect(context, policy),
    wouldCollect: (policy) => wouldCollect(context, policy),
  };
}

/** A move is not planned again: who asked for it looks at what is there now. */
function publishedOr(outcome: PublishOutcome): Snapshot {
  if (outcome.kind === "published") return outcome.snapshot;
  throw new MlforgeError("lost", `Someone else published ${outcome.features.join(", ")} meanwhile`, {
    hint: "Nothing was changed. See what is published now, and decide again.",
  });
}

async function beginBatch(
  context: Context,
  who: Who,
  { from: snapshot, seen }: { from: Snapshot | undefined; seen: Seen | undefined },
): Promise<Batch> {
  const { tx, moment, notes } = await start(context, seen);
  const folder = await makeTemporary();
  const asSeen = snapshot !== undefined && moment.manifest === seen?.manifest;
  let from = moment;
  let round = 0;
  return {
    tx,
    folder,
    base: asSeen ? snapshot : snapshotOf(moment.manifest, notes),
    publish: async (entries) => {
      const work = { tx, round: ++round, who, kind: "build" as const, changes: entries.map(changeOf) };
      const concluded = await publish(context, from, work);
      from = concluded.moment;
      return concluded.outcome;
    },
    restore: (data) => restore(context, data),
    close: () => Deno.remove(folder, { recursive: true }).catch(() => {}),
  };
}

function changeOf({ feature, version, contentHash, meta, base }: Entry): Change {
  const fits = meta.name === feature && meta.version === version && meta.content_hash === contentHash &&
    meta.path === dataKey(feature, version);
  // A mistake here would be published for good.
  if (!fits) {
    throw new MlforgeError(
      "failed",
      `Refused to publish "${feature}" ${version}: its metadata does not fit it`,
    );
  }
  return { feature, base, after: registerEntry(meta), meta };
}
