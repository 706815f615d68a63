import type { Check } from "../definitions/checks/model.ts";
import type { Aggregation } from "../definitions/model.ts";
import type { SourceFormat } from "../definitions/model.ts";
import type { Place } from "../error.ts";
import type { RemoteFiles } from "../fetch/placing.ts";
import type { ColumnStatistics, Dropped, MetaColumn } from "../publish/meta.ts";
import type { Baseline } from "./drift.ts";
import type { CheckResult } from "./duckdb/checks/result.ts";

/** A source with its files found: what an engine reads. Plain data, sent to workers. */
export interface SourceTask {
  name: string;
  format: SourceFormat;
  /** Sorted, at least one: absolute local paths, or addresses of objects (`s3://bucket/name`) until they are fetched. */
  files: string[];
  /** Where the files are fetched from, of a source in a bucket. */
  remote?: RemoteFiles;
  /** The only columns to be read: those that were fetched. All where absent. */
  columns?: string[];
  /** Absolute folder (or address) whose sub-folders `column=value` are hive partitions, where the source is a folder. */
  hiveRoot?: string;
  delimiter?: string;
  header?: boolean;
  types?: Record<string, string>;
  timezone?: string;
  fold?: "first" | "last";
  /** ISO 8601, UTC. */
  watermark?: string;
  knownAt?: string;
  rowId?: string;
  place: Place;
}

export interface MetricTask {
  name: string;
  /** Column, or `*`. */
  input: string;
  aggregation: Aggregation;
  /** In seconds; a whole multiple of the interval. */
  window: number;
}

/** One feature to compute. Plain data, sent to workers. */
export interface FeatureTask {
  feature: string;
  /** Names of its sources, the first one leading. */
  sources: string[];
  keys: string[];
  /** Surrogate keys to be made: column -> the columns it is hashed from. */
  surrogates: { key: string; columns: string[] }[];
  /** A function is found again by the worker, which loads the definitions itself. */
  transform: { kind: "source" } | { kind: "sql"; sql: string; place: Place } | { kind: "function" };
  timestamp?: { column: string; format?: string };
  /** In seconds. */
  interval?: number;
  metrics: MetricTask[];
  /** Of what the transform gives. */
  inputChecks: Check[];
  /** Of the feature's rows. */
  checks: Check[];
  /** Columns without statistics, whose values are shown nowhere. */
  hidden: string[];
  /** What drift is measured against, by `against`: `previous` or a version. */
  baselines: Record<string, Baseline>;
  /** What checks take as the present, in milliseconds since 1970. */
  now: number;
  threads?: number;
  configHash: string;
  place: Place;
}

/** What an engine made of a task: a Parquet file and its facts. */
export interface Built {
  feature: string;
  /** Absolute path of the Parquet file. */
  file: string;
  bytes: number;
  rows: number;
  columns: MetaColumn[];
  contentHash: string;
  rowsHash: string;
  stamp: "event" | "bucket_end" | "none";
  /** ISO 8601, UTC, or null. */
  watermark: string | null;
  dropped: Dropped;
  /** By column, of those that have them. */
  statistics: Record<string, ColumnStatistics>;
  /** Of all checks but those that look into other features; none of severity `error` failed. */
  checks: CheckResult[];
}
