import type { Place } from "../error.ts";
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

interface FeatureBase {
  name: string;
  /** Column of times, with its format where it holds text. */
  timestamp?: string | { column: string; format?: string };
  /** Length of a bucket: `Nm`, `Nh`, `Nd` or `Nw`. */
  interval?: string;
  metrics?: RollingDefinition[];
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
