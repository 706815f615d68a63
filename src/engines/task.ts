import type { Aggregation } from "../definitions/model.ts";
import type { SourceFormat } from "../definitions/model.ts";
import type { Place } from "../error.ts";
import type { MetaColumn } from "../publish/meta.ts";

/** A source with its files found: what an engine reads. Plain data, sent to workers. */
export interface SourceTask {
  name: string;
  format: SourceFormat;
  /** Absolute local paths, sorted. At least one. */
  files: string[];
  /** Absolute folder whose sub-folders `column=value` are hive partitions, where the source is a folder. */
  hiveRoot?: string;
  delimiter?: string;
  header?: boolean;
  types?: Record<string, string>;
  timezone?: string;
  fold?: "first" | "last";
  /** ISO 8601, UTC. */
  watermark?: string;
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
  dropped: { null_key: number; null_time: number };
}
