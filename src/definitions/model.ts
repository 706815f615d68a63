import type { Table } from "apache-arrow";
import type { Place } from "../error.ts";
import type { StoreConfig } from "../stores/config.ts";
import type { Check } from "./checks/model.ts";

/** What both loaders (.ts and .yaml) give: checked, with every name resolved. Nothing in it can be wrong by itself. */
export interface Project {
  name: string;
  /** Absolute folder of the definitions; paths of sources are relative to it. */
  root: string;
  /** Absolute path of the definitions file. */
  file: string;
  sources: Source[];
  entities: Entity[];
  features: Feature[];
  /** A store written in the definitions; an explicit profile wins over it. */
  store?: StoreConfig;
}

export type SourceFormat = "parquet" | "csv" | "json";

export interface Source {
  name: string;
  /** As written: a file, a glob or a folder (with hive partitions), relative to the project's root, or a URL. */
  path: string;
  format: SourceFormat;
  /** For CSV: one character. */
  delimiter?: string;
  /** For CSV: whether the first line holds names. Found out by default. */
  header?: boolean;
  /** For CSV and JSON: column -> DuckDB type. */
  types?: Record<string, string>;
  /** IANA name of the zone that naive times are in; UTC by default. */
  timezone?: string;
  /** Which of two moments a naive time in a DST fold (or gap) means; refused by default. */
  fold?: "first" | "last";
  /** Until when the source is complete (ISO 8601), where that is later than its newest event. */
  watermark?: string;
  /** The column that says when a row was loaded: before that nobody knew of it. */
  knownAt?: string;
  /** With `knownAt`: the column by which a later version of a row is known to replace an earlier one. */
  rowId?: string;
  description?: string;
  place: Place;
}

export interface Entity {
  name: string;
  /** The columns that identify it in a feature's data. */
  keys: string[];
  /** For a surrogate key: the columns it is made of; then `keys` is the one column that holds the hash. */
  fromColumns?: string[];
  description?: string;
  place: Place;
}

/** A length of time: `15m`, `6h`, `7d`, `2w`. */
export interface Duration {
  text: string;
  seconds: number;
}

export const AGGREGATIONS = [
  "count",
  "sum",
  "mean",
  "min",
  "max",
  "std",
  "median",
  "count_distinct",
  "first",
  "last",
] as const;
export type Aggregation = typeof AGGREGATIONS[number];

/** One column of rolling metrics. */
export interface Metric {
  /** `{tag}__{input}__{aggregation}__{interval}__{window}`, with `rows` for `*`. */
  name: string;
  /** Column of the transform's output, or `*` (count only). */
  input: string;
  aggregation: Aggregation;
  window: Duration;
}

/** Tables by source name in, one table out. `arrow` is the module apache-arrow. */
export type TransformFunction = (
  tables: Record<string, Table>,
  context: { arrow: typeof import("apache-arrow") },
) => Table | Promise<Table>;

export type Transform =
  /** The single source as it is. */
  | { kind: "source" }
  | { kind: "sql"; sql: string; place: Place }
  /** `text` is the function's own text with all that it uses (JavaScript, line ends as LF): its identity. */
  | { kind: "function"; run: TransformFunction; text: string };

export interface Timestamp {
  column: string;
  /** One of TIME_FORMATS, for a text column; found out by default. */
  format?: string;
}

/** Formats of times written as text, in strptime's letters; the same ones as the Python mlforge (0.7) finds out. */
export const TIME_FORMATS = [
  "%Y-%m-%dT%H:%M:%S%z",
  "%Y-%m-%dT%H:%M:%S.%f",
  "%Y-%m-%dT%H:%M:%S",
  "%Y-%m-%d %H:%M:%S%z",
  "%Y-%m-%d %H:%M:%S.%f",
  "%Y-%m-%d %H:%M:%S",
  "%Y-%m-%d",
  "%d/%m/%Y %H:%M:%S",
  "%m/%d/%Y %H:%M:%S",
  "%d/%m/%Y",
  "%m/%d/%Y",
] as const;

export interface Feature {
  name: string;
  /** At least one. Each is a table of its name in the SQL; a single one also `source`. */
  sources: Source[];
  entities: Entity[];
  /** The entities' keys, or the keys given: column names, in order, without repetition. At least one. */
  keys: string[];
  transform: Transform;
  /** Absent: the feature is declared without time. */
  timestamp?: Timestamp;
  /** Present exactly where there are metrics. */
  interval?: Duration;
  metrics: Metric[];
  /** Of what the transform gives, before keys are required and metrics are made. */
  inputChecks: Check[];
  /** Of the feature's rows. */
  checks: Check[];
  /** Sources that only checks look into, or also they. */
  lookups: Source[];
  /** Columns without statistics, whose values are shown nowhere. */
  hidden: string[];
  /** What the metric columns' names start with: the feature's name unless given. */
  tag: string;
  tags: string[];
  description?: string;
  owner?: string;
  /** Threads for the feature's own SQL beyond one: gives up bit-identical rebuilds. */
  threads?: number;
  place: Place;
}
