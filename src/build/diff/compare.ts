import { schemaDifference } from "../../publish/change.ts";
import type { ColumnStatistics, Meta, MetaColumn, MetaSource } from "../../publish/meta.ts";
import { type ConfigParts, differingParts } from "../config_hash.ts";

/** How much a difference asks of who reads the feature, as versions count it. Ascending. */
export const LEVELS = ["none", "patch", "minor", "major"] as const;
export type Level = typeof LEVELS[number];

/** One state of a feature: a version, or the definition as it is now. */
export interface Side {
  /** `1.2.0`, or `definition`. */
  label: string;
  configHash: string;
  configParts: ConfigParts;
  sourceHash: string;
  sources: Pick<MetaSource, "name" | "hash">[];
  /** Undefined where only a run tells: those of a function that changed. */
  columns: MetaColumn[] | undefined;
  /** Of a version. */
  meta?: Meta;
}

/** A fact that both sides have, in words, side by side. */
export interface FactDiff {
  name: string;
  a: string | null;
  b: string | null;
}

export interface FeatureDiff {
  feature: string;
  level: Level;
  /** What each side is; null where the feature is not there. */
  a: string | null;
  b: string | null;
  /** Parts of the definition that differ, a sentence each. */
  definition: string[];
  /** Columns that came, went or have another type, or the order, a sentence each. */
  schema: string[];
  /** Names of sources that differ. */
  sources: string[];
  /** Facts that differ. */
  facts: FactDiff[];
  /** Statistics that differ, of columns that both sides have statistics of. */
  statistics: StatisticDiff[];
}

/** One statistic of a column, side by side; null where a version has none. */
export interface StatisticDiff {
  column: string;
  name: string;
  a: number | string | boolean | null;
  b: number | string | boolean | null;
}

export function higherLevel(a: Level, b: Level): Level {
  return LEVELS.indexOf(a) < LEVELS.indexOf(b) ? b : a;
}

export function sideOf(meta: Meta): Side {
  return {
    label: meta.version,
    configHash: meta.config_hash,
    configParts: meta.mlforge.config_parts,
    sourceHash: meta.source_hash,
    sources: meta.mlforge.sources,
    columns: meta.columns,
    meta,
  };
}

/** What differs between two states of a feature. One that came is a minor difference, one that went a major one. */
export function compare(feature: string, a: Side | undefined, b: Side | undefined): FeatureDiff {
  const names = { feature, a: a?.label ?? null, b: b?.label ?? null };
  const nothing = { definition: [], schema: [], sources: [], facts: [], statistics: [] };
  if (a === undefined || b === undefined) {
    const level = a === b ? "none" : a === undefined ? "minor" : "major";
    return { ...names, ...nothing, level };
  }
  const definition = a.configHash === b.configHash ? [] : differingParts(a.configParts, b.configParts);
  const schema = a.columns === undefined || b.columns === undefined
    ? { major: false, details: ["only a build tells the columns of a function"] }
    : sameColumns(a.columns, b.columns)
    ? { major: false, details: [] }
    : schemaDifference(a.columns, b.columns);
  const before = new Map(a.sources.map((source) => [source.name, source.hash]));
  const after = new Map(b.sources.map((source) => [source.name, source.hash]));
  const sources = a.sourceHash === b.sourceHash
    ? []
    : [...new Set([...before.keys(), ...after.keys()])].filter((name) =>
      before.get(name) !== after.get(name)
    );
  const metas = a.meta === undefined || b.meta === undefined ? undefined : [a.meta, b.meta] as const;
  const facts = metas === undefined ? [] : factsOf(...metas);
  const statistics = metas === undefined ? [] : statisticsOf(...metas);
  const otherSource = a.sourceHash !== b.sourceHash;
  const otherData = metas !== undefined && metas[0].content_hash !== metas[1].content_hash;
  const level = schema.major
    ? "major"
    : definition.length + schema.details.length > 0
    ? "minor"
    : otherSource || otherData
    ? "patch"
    : "none";
  return { ...names, level, definition, schema: schema.details, sources, facts, statistics };
}

/** Of each column that both versions have statistics of, those that differ: where the data went, without reading it. */
function statisticsOf(a: Meta, b: Meta): StatisticDiff[] {
  const kinds: [string, (one: ColumnStatistics) => StatisticDiff["a"] | undefined][] = [
    ["nulls", (one) => one.nulls],
    ["distinct", (one) => one.distinct],
    ["min", (one) => one.min],
    ["median", (one) => one.quantiles?.["0.5"]],
    ["max", (one) => one.max],
    ["mean", (one) => one.mean],
    ["std", (one) => one.std],
  ];
  return Object.entries(a.mlforge.statistics).flatMap(([column, before]) => {
    const after = b.mlforge.statistics[column];
    if (after === undefined) return [];
    return kinds.map(([name, of]) => ({ column, name, a: of(before) ?? null, b: of(after) ?? null }))
      .filter(({ a, b }) => a !== b);
  });
}

function sameColumns(a: readonly MetaColumn[], b: readonly MetaColumn[]): boolean {
  return a.length === b.length &&
    a.every(({ name, dtype }, at) => name === b[at]?.name && dtype === b[at]?.dtype);
}

function factsOf(a: Meta, b: Meta): FactDiff[] {
  const facts: [string, (meta: Meta) => string | null][] = [
    ["rows", (m) => String(m.row_count)],
    ["bytes", (m) => String(m.mlforge.bytes)],
    ["watermark", (m) => m.mlforge.watermark],
    ["engine", (m) => m.mlforge.engine],
    ["platform", (m) => m.mlforge.platform],
    ["keys", (m) => m.keys.join(", ")],
    ["timestamp", (m) => m.timestamp],
    ["interval", (m) => m.interval],
    ["tags", (m) => m.tags.join(", ")],
    ["description", (m) => m.description],
    ["owner", (m) => m.mlforge.owner],
    ["config_hash", (m) => m.config_hash],
    ["schema_hash", (m) => m.schema_hash],
    ["source_hash", (m) => m.source_hash],
    ["content_hash", (m) => m.content_hash],
    ["rows_hash", (m) => m.mlforge.rows_hash],
  ];
  return facts.map(([name, of]) => ({ name, a: of(a), b: of(b) })).filter(({ a, b }) => a !== b);
}
