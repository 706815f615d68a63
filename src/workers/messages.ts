import type { PlainError } from "../error.ts";
import type { Group } from "../engines/duckdb/group.ts";
import type { Built } from "../engines/task.ts";
import type { Change, Chosen } from "../publish/change.ts";
import type { StoreConfig } from "../stores/config.ts";

/** One group of features for one worker, with all that it needs to give the results their versions. */
export interface Job {
  group: Group;
  tx: string;
  /** Where functions are found again: the definitions file. */
  definitions: string;
  /** By feature; what has none is computed, and gets no version. */
  changes: Record<string, Change>;
}

/** The first message to each worker. */
export interface Start {
  kind: "start";
  /** Where the results of its job go. */
  store: StoreConfig;
  /** In the standalone binary: where DuckDB's addon lies, checked by this process. */
  addon?: string;
}

export type ToWorker =
  | { kind: "run"; job: Job }
  /** Breaks off the query that runs; with `uploads`, also what is on its way to the store. */
  | { kind: "interrupt"; uploads: boolean };

/** A built feature and the version its data stands under; without one where nothing has to be published. */
export interface Done {
  /** From the start of the feature to its being stored. */
  seconds?: number;
  built: Built;
  schemaHash: string;
  chosen?: Chosen;
  version?: string;
}

export type FromWorker =
  /** Sources come for these features: bytes that are here, of those that have to come. */
  | { kind: "fetching"; features: readonly string[]; bytes: number; total: number }
  | { kind: "started"; feature: string }
  | { kind: "phase"; feature: string; phase: string; rows?: number }
  /** So much of the feature's file has left for the store. */
  | { kind: "sent"; feature: string; sent: number; bytes: number }
  | { kind: "done"; feature: string; done: Done }
  | { kind: "failed"; feature: string; error: PlainError }
  /** Something threw that nothing awaited: the worker can't be trusted any more. */
  | { kind: "crashed"; message: string }
  /** The job is over: every one of its features was `done` or `failed`. */
  | { kind: "idle" };
