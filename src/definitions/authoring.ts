import type { Place } from "../error.ts";
import type { DriftMeasure, Scalar, Severity } from "./checks/model.ts";
import type { Aggregation, SourceFormat, TransformFunction } from "./model.ts";
import { callerPlace } from "./caller.ts";

/**
 * What definitions in TypeScript are written with. Nothing is checked here: the loader checks all of it in one go, by
 * the rules that hold for YAML too, and reports each error at the call it came from.
 */

/** Marks what was made here, so that a plain object in its place is an error, in an editor as well. */
const WRITTEN: unique symbol = Symbol.for("mlforge.written");

interface Written<Kind extends string, Options> {
  readonly [WRITTEN]: { readonly kind: Kind; readonly options: Options; readonly place: Place };
}

/** Where rows come from. Made by `source`. */
export type SourceDefinition = Written<"source", SourceOptions>;
/** What rows are about. Made by `entity`. */
export type EntityDefinition = Written<"entity", EntityOptions>;
/** A table of columns for models. Made by `feature`. */
export type FeatureDefinition = Written<"feature", FeatureOptions>;
/** Windows and aggregations. Made by `rolling`. */
export type RollingDefinition = Written<"rolling", RollingOptions>;
/** What data has to be. Made by `check`. */
export type CheckDefinition = Written<"check", { check: string }>;

/** What `options` and from where a thing was written with, or undefined for anything else. */
export function writtenOf(value: unknown): Written<string, unknown>[typeof WRITTEN] | undefined {
  if (typeof value !== "object" || value === null || !(WRITTEN in value)) return undefined;
  return (value as Written<string, unknown>)[WRITTEN];
}

export interface SourceOptions {
  name: string;
  /** A file, a glob or a folder with hive partitions, relative to the definitions' folder; or `s3://`, `gs://`. */
  path: string;
  /** By the path's extension, where not given. */
  format?: SourceFormat;
  /** For CSV: one character. */
  delimiter?: string;
  /** For CSV: whether the first line holds names. Found out by default. */
  header?: boolean;
  /** For CSV and JSON: column -> DuckDB type. */
  types?: Record<string, string>;
  /** IANA name of the zone of naive times; UTC by default. */
  timezone?: string;
  /** Which moment a naive time in a fold or gap of daylight saving means; refused by default. */
  fold?: "first" | "last";
  /** Until when the source is complete (ISO 8601). */
  watermark?: string;
  /** The column that says when a row was loaded: it counts for nothing before that. */
  knownAt?: string;
  /** With `knownAt`: the column that is the same in all versions of a row, of which the newest counts. */
  rowId?: string;
  description?: string;
}

/** A source of rows: Parquet, CSV or JSON. */
export function source(options: SourceOptions): SourceDefinition {
  return { [WRITTEN]: { kind: "source", options, place: callerPlace(source) } };
}

export interface EntityOptions {
  name: string;
  /** The column, or columns, that identify it. */
  joinKey: string | string[];
  /** For a surrogate key: the columns that `joinKey` (one column) is hashed from. */
  fromColumns?: string[];
  description?: string;
}

/** What a feature's rows are about: an airport, a route, a customer. */
export function entity(options: EntityOptions): EntityDefinition {
  return { [WRITTEN]: { kind: "entity", options, place: callerPlace(entity) } };
}

export interface RollingOptions {
  /** `Nm`, `Nh`, `Nd` or `Nw`: whole multiples of the feature's interval. */
  windows: string[];
  /** Column -> what to compute of it; `*` for rows, which can only be counted. */
  aggregations: Record<string, Aggregation[]>;
}

/** Metrics over windows that end where an interval ends. */
export function rolling(options: RollingOptions): RollingDefinition {
  return { [WRITTEN]: { kind: "rolling", options, place: callerPlace(rolling) } };
}

interface CheckCommon {
  /** `error` (the default) stops the batch, `warn` is only said. */
  severity?: Severity;
  /** The share of the rows that has to pass, such as 0.99. */
  mostly?: number;
}

interface OneOrMore extends CheckCommon {
  /** A column, or several that are checked each. */
  column: string | string[];
}

interface Compared extends OneOrMore {
  /** A number; a time as text. */
  value: number | string;
}

/** Each check's name with what it takes; docs/quality.md says what each means. */
export interface CheckOptions {
  not_null: OneOrMore;
  unique: OneOrMore;
  greater_than: Compared;
  greater_than_or_equal: Compared;
  less_than: Compared;
  less_than_or_equal: Compared;
  in_range: OneOrMore & { min?: number | string; max?: number | string };
  /** RE2's syntax; found anywhere in the text unless it has `^` and `$`. */
  matches_regex: OneOrMore & { pattern: string };
  is_in: OneOrMore & { values: Scalar[] };
  not_in: OneOrMore & { values: Scalar[] };
  /** Of a text in characters, of a list in elements. */
  length: OneOrMore & { min?: number; max?: number };
  /** Arrow's name of a type, or DuckDB's. */
  type: OneOrMore & { type: string };
  /** Each value is in column `references` (of the same name by default) of a source, or of another feature. */
  referential:
    & CheckCommon
    & { column: string; references?: string }
    & (
      | { source: SourceDefinition; feature?: never }
      | { feature: string; source?: never }
    );
  drift: Omit<OneOrMore, "mostly"> & {
    measure: DriftMeasure;
    threshold: number;
    /** `previous` (the published version, the default) or a version. */
    against?: string;
  };
  row_count: Omit<CheckCommon, "mostly"> & { min?: number; max?: number };
  /** No two rows have the same values there: of the keys and the time by default. */
  unique_key: CheckCommon & { columns?: string[] };
  /** The newest time is no older than this. */
  fresh: Omit<CheckCommon, "mostly"> & { within: string };
  not_in_future: CheckCommon & { column?: string };
  /** A SQL expression that is true for each row. */
  sql: CheckCommon & { expression: string };
}

/** What data has to be before it is published. */
export function check<Name extends keyof CheckOptions>(
  name: Name,
  ...[options]: Record<never, never> extends CheckOptions[Name] ? [options?: CheckOptions[Name]]
    : [options: CheckOptions[Name]]
): CheckDefinition {
  return { [WRITTEN]: { kind: "check", options: { ...options, check: name }, place: callerPlace(check) } };
}

interface FeatureBase {
  name: string;
  /** Column of times, with its format where it holds text. */
  timestamp?: string | { column: string; format?: string };
  /** Length of a bucket: `Nm`, `Nh`, `Nd` or `Nw`. */
  interval?: string;
  metrics?: RollingDefinition[];
  /** Of what the transform gives, before metrics are made of it. */
  inputChecks?: CheckDefinition[];
  /** Of the feature's rows, before they are published. */
  checks?: CheckDefinition[];
  /** `{ email: { statistics: false } }`: no statistics of it, and none of its values in any message. */
  columns?: Record<string, { statistics: boolean }>;
  /** What names of metric columns start with: the feature's name by default. */
  tag?: string;
  tags?: string[];
  description?: string;
  owner?: string;
  /** Threads for the feature's own SQL beyond one: gives up bit-identical rebuilds. */
  threads?: number;
}

type From =
  | { source: SourceDefinition; sources?: never }
  | { sources: SourceDefinition[]; source?: never };
type By = { entities: EntityDefinition[]; keys?: never } | { keys: string[]; entities?: never };
type How =
  | { sql: string; transform?: never }
  | { transform: TransformFunction; sql?: never }
  | { sql?: never; transform?: never };

/** One source or several; entities or keys; SQL, a function, or the single source as it is. */
export type FeatureOptions = FeatureBase & From & By & How;

/** A feature: rows by key (and time), made from sources. */
export function feature(options: FeatureOptions): FeatureDefinition {
  return { [WRITTEN]: { kind: "feature", options, place: callerPlace(feature) } };
}

/** Keeps features in a folder, relative to the definitions' folder. */
export class LocalStore {
  readonly options: { readonly KIND: "local"; readonly path: string };
  constructor(path: string) {
    this.options = { KIND: "local", path };
  }
}

export interface S3StoreOptions {
  bucket: string;
  prefix?: string;
  region?: string;
  endpoint?: string;
  pathStyle?: boolean;
  /** Allows plain http to an endpoint that is not this machine. */
  insecure?: boolean;
}

/** Keeps features in a bucket of S3, or of a server that speaks its language. */
export class S3Store {
  readonly options: Readonly<Record<string, unknown>>;
  constructor({ pathStyle, ...rest }: S3StoreOptions) {
    this.options = { KIND: "s3", ...rest, ...(pathStyle === undefined ? {} : { path_style: pathStyle }) };
  }
}

export interface GcsStoreOptions {
  bucket: string;
  prefix?: string;
  endpoint?: string;
  /** Allows plain http to an endpoint that is not this machine. */
  insecure?: boolean;
}

/** Keeps features in a bucket of Google Cloud Storage. */
export class GCSStore {
  readonly options: Readonly<Record<string, unknown>>;
  constructor(options: GcsStoreOptions) {
    this.options = { KIND: "gcs", ...options };
  }
}

export interface DefinitionsOptions {
  name: string;
  features: FeatureDefinition[];
  /** Used where no mlforge.yaml exists. */
  offlineStore?: LocalStore | S3Store | GCSStore;
}

/** All of a project: the default export of `definitions.ts`. Its sources and entities are those of its features. */
export class Definitions {
  readonly options: DefinitionsOptions;
  readonly place: Place;
  constructor(options: DefinitionsOptions) {
    this.options = options;
    this.place = callerPlace(Definitions);
  }
}
