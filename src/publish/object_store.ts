import { join } from "node:path";
import { MlforgeError } from "../error.ts";
import type { Store } from "../stores/store.ts";
import { collect } from "./object_store/collect.ts";
import type { Change } from "./object_store/commit.ts";
import { dataState, download } from "./object_store/download.ts";
import type { Context } from "./object_store/exchange.ts";
import { dataKey } from "./object_store/keys.ts";
import { snapshotOf } from "./object_store/manifest.ts";
import { publish } from "./object_store/publish.ts";
import { readMetadata, readSnapshot, readVersions } from "./object_store/read.ts";
import { rollBack } from "./object_store/rollback.ts";
import { restore, stage } from "./object_store/stage.ts";
import { start } from "./object_store/start.ts";
import type { Batch, Entry, Publisher, PublishOutcome, Staged, Who } from "./publisher.ts";

export interface ObjectPublisherOptions {
  /** Absolute path of a private folder for batches' files and downloaded data. */
  tempFolder: string;
  clock(): Date;
  /** In [0, 1), from a source that no two processes share: names of transactions are made of it. */
  random(): number;
  sleep(milliseconds: number): Promise<void>;
  /** Refuses to write to another project's store; undefined takes any. */
  project?: string;
}

/** What an object store can do beyond the contract. */
export interface ObjectPublisher extends Publisher {
  /** Makes other published versions the current ones, all at once. */
  rollback(targets: readonly Staged[], who: Who): Promise<PublishOutcome>;
  /** Removes data that no commit names, and says which. */
  collect(): Promise<Staged[]>;
}

/** The publisher of docs/publishing.md, "On an object store": the protocol, and the files of this computer around it. */
export function openObjectPublisher(store: Store, options: ObjectPublisherOptions): ObjectPublisher {
  const { tempFolder, ...means } = options;
  const context: Context = { store, ...means };
  return {
    read: () => readSnapshot(context),
    metadata: (feature, version) => readMetadata(context, feature, version),
    versions: (feature) => readVersions(context, feature),
    dataState: (data, { thorough = false } = {}) => dataState(context, data, thorough),
    dataPath: (feature, version) => download(context, tempFolder, feature, version),
    openData: (feature, version) => store.get(dataKey(feature, version)),
    begin: (who) => beginBatch(context, tempFolder, who),
    stage: (request) => stage(context, request),
    rollback: (targets, who) => rollBack(context, targets, who),
    collect: () => collect(context),
  };
}

async function beginBatch(context: Context, tempFolder: string, who: Who): Promise<Batch> {
  const { tx, moment, notes } = await start(context);
  const folder = join(tempFolder, tx);
  await Deno.mkdir(folder, { recursive: true });
  let from = moment;
  let round = 0;
  return {
    tx,
    folder,
    base: snapshotOf(moment.manifest, notes),
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
  const { config_hash, schema_hash, source_hash } = meta;
  const after = { version, content_hash: contentHash, config_hash, schema_hash, source_hash };
  return { feature, base, after, meta };
}
