/**
 * `.meta.json`: one published version, never changed. Field names are those the Python mlforge (0.7) reads; ours stand
 * under `mlforge`. Paths are relative; times are ISO 8601 in UTC.
 */
export interface Meta {
  name: string;
  version: string;
  /** `<feature>/<version>/data.parquet`, relative to the store. */
  path: string;
  /** The first key. */
  entity: string;
  keys: string[];
  /** The source's path as the definitions write it (the first one, where there are several). */
  source: string;
  row_count: number;
  created_at: string;
  updated_at: string;
  /** Hex SHA-256 of data.parquet. */
  content_hash: string;
  /** Hex SHA-256 over names and types, in order. */
  schema_hash: string;
  /** Hex SHA-256 over all of the definition that decides the data. */
  config_hash: string;
  /** Hex SHA-256 over the sources' files: relative names and fingerprints. */
  source_hash: string;
  timestamp: string | null;
  interval: string | null;
  columns: MetaColumn[];
  features: MetaFeature[];
  tags: string[];
  description: string | null;
  change_summary: ChangeSummary;
  mlforge: MetaExtra;
}

export interface MetaColumn {
  name: string;
  /** In Arrow's words: int64, utf8, timestamp[us], decimal128(38, 2), ... */
  dtype: string;
}

/** One column of metrics. */
export interface MetaFeature {
  name: string;
  dtype: string;
  input: string;
  agg: string;
  window: string;
}

export type Bump = "first" | "major" | "minor" | "patch" | "requested";

export interface ChangeSummary {
  bump_type: Bump;
  /** One sentence. */
  reason: string;
  details: string[];
}

/** Rows that were left out, as one of these is NULL; the last two only where the sources have them. */
export interface Dropped {
  null_key: number;
  null_time: number;
  null_known_at?: number;
  null_row_id?: number;
}

export interface MetaExtra {
  /** Of this object. A reader refuses one above its own. */
  format: 1;
  tool: string;
  engine: string;
  platform: string;
  tx: string;
  /** Where `mlforge promote` took this version from: the profile's name, and the commit that published it there. */
  promoted?: { from: string; tx: string };
  /** Hex SHA-256 over schema and ordered rows, independent of the Parquet writer. */
  rows_hash: string;
  /** Event times, bucket ends (bucket starts: the Python mlforge's, never ours), or a feature without time. */
  stamp: "event" | "bucket_end" | "bucket_start" | "none";
  /** The newest event's time, or as the source declares; null for a feature without time or without rows. */
  watermark: string | null;
  bytes: number;
  sources: MetaSource[];
  dropped: Dropped;
  entities: string[];
  owner: string | null;
  /** By column; without those that are left out, and empty where another tool or an older version wrote it. */
  statistics: Record<string, ColumnStatistics>;
  /** Over the checks that the data passed; empty where there were none. */
  checks_hash: string;
  /** The parts of config_hash, each with its own hash: names what a later definition changes. */
  config_parts: Record<string, string>;
}

/**
 * What the values of one column are like. What makes no sense for its type, or without values, is absent. Times are
 * texts (ISO 8601, UTC), and so are numbers beyond what JSON holds exactly.
 */
export interface ColumnStatistics {
  /** Rows without a value. */
  nulls: number;
  /** Different values: exact up to 1,024, beyond that an estimate (standard error 0.8 %). */
  distinct: number;
  approximate_distinct: boolean;
  /** NaN and infinite values, which all below leaves out; absent where there are none. */
  not_finite?: number;
  min?: number | string | boolean;
  max?: number | string | boolean;
  mean?: number;
  /** The sample's. */
  std?: number;
  /** `0.5` -> the median. A number is at most 0.8 % nearer to zero than the exact one; a time, to the least one. */
  quantiles?: Record<string, number | string>;
  /** Counts in bins of equal width, from min to max. */
  histogram?: { from: number | string; to: number | string; counts: number[] };
}

export interface MetaSource {
  name: string;
  path: string;
  /** Over this source's files. */
  hash: string;
  kind: "sha256" | "crc" | "token";
  bytes: number;
  files: number;
}

/** The metadata as text: sorted keys, two spaces, a final newline; the same bytes for the same content. */
export function stableJson(value: unknown): string {
  return JSON.stringify(sorted(value), null, 2) + "\n";
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([k, v]) => [k, sorted(v)]),
  );
}
