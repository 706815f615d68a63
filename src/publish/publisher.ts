import type { GcsStoreConfig, S3StoreConfig, StoreConfig } from "../stores/config.ts";
import type { Token } from "../stores/store.ts";
import type { KeepPolicy } from "./keep.ts";
import type { Bump, Meta } from "./meta.ts";
import type { Finding, Verified } from "./verify.ts";

/** What is published of one feature. */
export interface Published {
  version: string;
  /** Counts the store's commits: which one made this version the published one. 0 on a local store. */
  seq: number;
  tx: string;
  content_hash: string;
  config_hash: string;
  schema_hash: string;
  source_hash: string;
  /** Of the checks that it passed; absent where it had none. */
  checks_hash?: string;
}

/** All published features, out of one moment of the store. */
export interface Snapshot {
  features: ReadonlyMap<string, Published>;
  /** Feature -> highest version ever committed or withdrawn. */
  top: ReadonlyMap<string, string>;
  /** A dead run's commit is not all in place yet, or void: `begin` sees to it. */
  pending: boolean;
  /** What a person should know: a dead run's commit was completed, git moved the tree, ... */
  notes: readonly string[];
}

/** How to number a new version of a feature. */
export interface VersionWish {
  /** The published version that the bump starts from; absent for a first build. */
  published?: string;
  /** Highest version ever committed or withdrawn. */
  top?: string;
  bump: Bump;
  /** Asked for by `--version`: must be above `top`, and free. */
  requested?: string;
}

/** A finished data file, to be put under its version. */
export interface StageRequest {
  tx: string;
  feature: string;
  /** Absolute path, inside the batch's folder. */
  file: string;
  bytes: number;
  /** Hex SHA-256 of the file. */
  contentHash: string;
  wish: VersionWish;
  /** Told of bytes as they leave this computer, if they do; in all they may be more, where some are sent again. */
  onSent?: (bytes: number) => void;
}

export interface StageCopyRequest extends Omit<StageRequest, "file" | "onSent" | "wish"> {
  from: StoreConfig;
  /** The version there, and here: as a requested one. */
  wish: VersionWish & { requested: string };
}

export interface Staged {
  feature: string;
  version: string;
}

/** Data of one version, by what it must be. */
export interface VersionData {
  feature: string;
  version: string;
  /** Hex SHA-256, as its metadata says. */
  contentHash: string;
}

/** A version's data as published, none (as after a clone), or other bytes in its place. */
export type DataState = "here" | "absent" | "other";

export interface OpenedData {
  /** In bytes. */
  size: number;
  body: ReadableStream<Uint8Array>;
}

/** A version's data as one state of an object, parts of which can be read. */
export interface DataObject {
  store: S3StoreConfig | GcsStoreConfig;
  /** Its whole name in the store's bucket. */
  name: string;
  /** In bytes. */
  size: number;
  token: Token;
}

/** One feature of a batch, ready to be committed. */
export interface Entry {
  feature: string;
  /** As `stage` gave it. */
  version: string;
  file: string;
  contentHash: string;
  /** `version` and `path` in it are those above. */
  meta: Meta;
  /** What the plan started from; undefined where nothing was published. */
  base: Published | undefined;
}

export interface Restoring extends VersionData {
  /** Absolute path, inside the batch's folder. */
  file: string;
  /** Hex SHA-256 of the file, where it is not `contentHash`. */
  fileHash?: string;
}

/** One feature's step to a version that is there already, or to none. */
export interface Move {
  feature: string;
  /** Null retires the feature: it is published no more, and its data stays. */
  version: string | null;
}

export type PublishOutcome =
  | { kind: "published"; snapshot: Snapshot }
  /**
   * Someone published or withdrew one of these features meanwhile: nothing of this batch is visible, the staged files
   * are kept; plan those features again on the new snapshot, stage, and call publish again.
   */
  | { kind: "lost"; features: string[]; snapshot: Snapshot };

/** A version whose data was removed. */
export interface CollectedVersion extends Staged {
  /** `uncommitted`: no commit names it. `old`: published once. */
  why: "uncommitted" | "old";
  /** Of its data. */
  bytes: number;
}

export interface Collected {
  /** Ascending by feature and number. */
  versions: CollectedVersion[];
  /** Uploads older than a week that were given up; undefined where the store has none, or it is not allowed. */
  uploads?: number;
}

/** One commit: when, by what, and what it did. */
export interface LogEntry {
  /** Empty where another tool published. */
  tx: string;
  /** ISO 8601, UTC. */
  at: string;
  tool: string;
  /** What was typed; undefined on a local store, whose metadata does not say. */
  command?: string;
  kind: "build" | "rollback" | "retire";
  /** Ascending by name. */
  features: {
    feature: string;
    /** The version before; undefined where there was none, or (on a local store) it is not known. */
    from?: string;
    /** Null where the feature was retired. */
    to: string | null;
  }[];
}

export interface Who {
  tool: string;
  command: string;
}

/** One build's way into the store. Nothing of it is visible before `publish` says so. */
export interface Batch {
  readonly tx: string;
  /** Absolute path of a private folder for the workers' files, on the store's own disk where it is a local one. */
  readonly folder: string;
  /**
   * The moment the plan starts from; a commit that a dead run left half done has been completed. The very snapshot that
   * `begin` was given, where nothing has changed.
   */
  readonly base: Snapshot;
  /** All entries become visible together, or none. An unknown outcome throws (code `unknown_outcome`). */
  publish(entries: readonly Entry[]): Promise<PublishOutcome>;
  /**
   * Puts a published version's data back where it is absent (a clone has none) or was changed; false where it is not
   * taken, or there is nothing to put back. Only the very bytes that its metadata names are taken; on a local store
   * also, with their own hash as `fileHash`, other bytes that were proved to hold the same rows.
   */
  restore(data: Restoring): Promise<boolean>;
  /** Removes what the batch left in its folder. Always called, also after publish; never throws. */
  close(): Promise<void>;
}

/**
 * The offline store as features see it. Both protocols of docs/publishing.md satisfy this contract, and one suite
 * (tests/publish/contract.ts) runs on both.
 */
export interface Publisher {
  /** One consistent moment. Writes nothing: good for read-only use. */
  read(): Promise<Snapshot>;
  /** Metadata of a published version, or undefined. Broken metadata throws with its place. */
  metadata(feature: string, version: string): Promise<Meta | undefined>;
  /** All versions of a feature that have metadata, ascending by semver. */
  versions(feature: string): Promise<string[]>;
  /** The same, with whether each one's data is here: on an object store by the listing alone. */
  versionStates(feature: string): Promise<Map<string, DataState>>;
  /**
   * Whether a version's data is there as published, by what the store keeps of it; `thorough` reads every byte.
   * Downloads nothing that it keeps.
   */
  dataState(data: VersionData, options?: { thorough?: boolean }): Promise<DataState>;
  /** Absolute local path of a version's data, or undefined where it is not here. */
  dataPath(feature: string, version: string): Promise<string | undefined>;
  /**
   * Only on a bucket: where a version's data lies, to read parts of it, for one HEAD. Undefined where all of it is on this
   * computer already, and where size and stored SHA-256 are not those that its metadata names: `dataPath` sees to either.
   */
  dataObject?(feature: string, version: string): Promise<DataObject | undefined>;
  /**
   * All bytes of a version's data, straight from the store; undefined where it is not here. Whoever reads them to the
   * end compares their hash: only then they are known to be those published.
   */
  openData(feature: string, version: string): Promise<OpenedData | undefined>;
  /**
   * Begins a write. `from` is a moment that `read` of this publisher gave: where a look costs a request, the batch
   * starts from it without another one, and what was published since is found at `publish`, as `lost`.
   */
  begin(who: Who, options?: { from?: Snapshot }): Promise<Batch>;
  /**
   * Makes other versions the published ones (a rollback), or none (a retirement): a commit like any other, of all moves
   * together. What is so already is left out. Numbers go on from the highest one ever used. Throws (code `usage`) where
   * a version was never published, or is gone, (`failed`) where its data is not here, and (`lost`) where someone else
   * published one of these features meanwhile. `from`, the caller's look at this publisher, spares another one.
   */
  move(moves: readonly Move[], who: Who, options?: { from?: Snapshot }): Promise<Snapshot>;
  /** All commits that are known, newest first. Read as far as the caller goes. */
  log(): AsyncIterable<LogEntry>;
  /**
   * Removes data that no commit names, and old versions that the policy lets go; what it removed. On a local store
   * metadata stays. Of anything that another process is about to publish nothing is lost but work.
   */
  collect(policy: KeepPolicy, who: Who): Promise<Collected>;
  /** What `collect` would remove. Writes nothing. */
  wouldCollect(policy: KeepPolicy): Promise<Collected>;
  /** Looks at everything that is in the store, and throws for nothing that is broken in it. */
  verify(options?: { thorough?: boolean }): Promise<Verified>;
  /**
   * Mends what of these findings is mendable, losing nothing. `adopt` takes pointers that something else moved as what
   * is published, by a commit.
   */
  mend(findings: readonly Finding[], who: Who, options?: { adopt?: boolean }): Promise<void>;
  /** Puts a data file under the first free version that fits the wish. Called in workers, in parallel. */
  stage(request: StageRequest): Promise<Staged>;
  /**
   * As `stage`, of the data that another store has under the version asked for, by a server that has both: nothing of it
   * comes here. Undefined where there is no such server.
   */
  stageCopy?(request: StageCopyRequest): Promise<Staged | undefined>;
}
