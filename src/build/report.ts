import type { Project } from "../definitions/model.ts";
import type { MlforgeError } from "../error.ts";
import type { Bump } from "../publish/meta.ts";
import type { StoreConfig } from "../stores/config.ts";

/** What one `mlforge build` is asked to do; `plan`, `check` and `preview` take the same. */
export interface BuildRequest {
  project: Project;
  store: StoreConfig;
  /** Names of features; all by default. Unknown names are errors. */
  features?: readonly string[];
  /** Only features that carry one of these tags. */
  tags?: readonly string[];
  /** The version asked for. */
  version?: string;
  force?: boolean;
  /** Publish the features that succeeded although others failed. */
  keepGoing?: boolean;
  /** Web Workers; by default as many as the work and the machine give. */
  workers?: number;
  /** In bytes, for the whole process; by default four fifths of the machine's. */
  memory?: number;
  /** In seconds, for each feature. */
  timeout?: number;
  /** What checks call the present; the clock's time by default. */
  now?: Date;
  /** What was typed, for the transaction's record. */
  command: string;
  /** Aborted with the MlforgeError to end with (code `interrupted` or `terminated`). */
  signal?: AbortSignal;
  onEvent?: (event: BuildEvent) => void;
}

/** Told while a build works, for whoever shows progress. */
export type BuildEvent =
  | { kind: "planned"; items: readonly PlanItem[] }
  /** Sources in buckets come for features that start later: bytes that are here, of those that have to come. */
  | { kind: "fetching"; features: readonly string[]; bytes: number; total: number }
  | { kind: "started"; feature: string }
  /** `phase` is a word or two: `reading`, `rolling windows`, `writing`, `uploading`; there, how many bytes have left. */
  | { kind: "progress"; feature: string; phase: string; rows?: number; sent?: number; bytes?: number }
  | { kind: "built"; feature: string; version: string; rows: number; bytes: number; seconds: number }
  | { kind: "failed"; feature: string; error: MlforgeError }
  | { kind: "publishing"; features: number }
  | { kind: "note"; text: string };

/** What a build would do with one feature. */
export interface PlanItem {
  feature: string;
  /** `absent`: unchanged, and its data is to be brought back. */
  status: "new" | "changed" | "absent" | "unchanged";
  /** What differs, a sentence each; empty where nothing does. */
  why: string[];
  /** The published version. */
  current?: string;
  /** `1.3.0`, or `1.3.0 or 2.0.0` where only the output tells; absent where nothing would be built. */
  next?: string;
  /** To be read from the sources: rows where the format tells without reading, and bytes. */
  rows?: number;
  bytes: number;
}

/** What a build did with one feature. */
export interface BuildItem {
  feature: string;
  /** `restored`: unchanged, and its data was put back in place. */
  outcome: "built" | "restored" | "unchanged" | "failed";
  /** The published version after the build, if any. */
  version?: string;
  previous?: string;
  bump?: Bump;
  why: string[];
  rows?: number;
  /** Size of the new data file. */
  bytes?: number;
  seconds?: number;
  error?: MlforgeError;
}

export interface BuildReport {
  items: BuildItem[];
  /** The commit's transaction; absent where nothing was published. */
  tx?: string;
  seconds: number;
  /** Worth saying: rows dropped, a dead run's commit completed, ... */
  notes: string[];
  /** Checks of severity `warn` that failed. */
  warnings: MlforgeError[];
}

/** The first rows of a feature as a build would write them. */
export interface Preview {
  feature: string;
  columns: { name: string; dtype: string }[];
  /** Values as text; null where NULL. */
  rows: (string | null)[][];
}
