import type { Feature, Source } from "../definitions/model.ts";
import { SEMANTICS } from "../version.ts";
import { hashOf } from "../publish/hash.ts";

/** Parts of a definition that decide its data, each with a hash: so that a plan can name what differs. */
export type ConfigParts = Record<string, string>;

export interface Config {
  hash: string;
  /** Only whoever builds or explains needs them. */
  parts(): Promise<ConfigParts>;
}

/**
 * `config_hash` is over all that decides the data: SQL or function text with what it uses, keys, timestamp, interval,
 * metrics, how the sources are read (not where they lie), when their rows were known, engine, and the number of mlforge's own semantics. Not the
 * engine's version.
 */
export async function configOf(feature: Feature): Promise<Config> {
  const surrogates = feature.entities.filter((entity) => entity.fromColumns);
  const decisive: Record<string, unknown> = {
    semantics: [SEMANTICS, feature.transform.kind === "function" ? "arrow" : "duckdb"],
    transform: transformText(feature),
    keys: [feature.keys, surrogates.map((entity) => [entity.keys, entity.fromColumns])],
    timestamp: feature.timestamp ?? null,
    metrics: [
      feature.interval?.seconds ?? null,
      feature.metrics.map((m) => [m.name, m.input, m.aggregation, m.window.seconds]),
    ],
    sources: feature.sources.map(reading),
    threads: feature.threads ?? null,
    ...knowing(feature),
  };
  return {
    hash: await hashOf(decisive),
    async parts() {
      const hashed = Object.entries(decisive).map(async ([part, value]) =>
        [part, await hashOf(value)] as const
      );
      return Object.fromEntries(await Promise.all(hashed));
    },
  };
}

function transformText({ transform }: Feature): string {
  switch (transform.kind) {
    case "source":
      return "";
    case "sql":
      return lf(transform.sql);
    case "function":
      return lf(transform.text);
  }
}

/** A checkout with other line ends is no other definition. */
function lf(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

function reading({ name, format, delimiter, header, types, timezone, fold, watermark }: Source) {
  return { name, format, delimiter, header, types, timezone, fold, watermark };
}

/** A part of its own, and none where no source says when its rows were loaded: older hashes stay what they are. */
function knowing({ timestamp, sources }: Feature): { known_at?: unknown } {
  const known = sources.map(({ name, knownAt, rowId }) => [name, knownAt ?? null, rowId ?? null]);
  const none = timestamp === undefined || sources.every(({ knownAt }) => knownAt === undefined);
  return none ? {} : { known_at: known };
}

/** In a person's words. */
const PART_NAMES: Record<string, string> = {
  semantics: "mlforge's own semantics",
  transform: "SQL or function",
  keys: "keys",
  timestamp: "timestamp",
  metrics: "interval or metrics",
  sources: "how sources are read",
  threads: "threads",
  known_at: "known_at or row_id of sources",
};

/** Sentences that name the parts that differ. */
export function differingParts(old: ConfigParts | undefined, now: ConfigParts): string[] {
  // Nothing is recorded in another tool's metadata.
  if (old === undefined || Object.keys(old).length === 0) return ["definition changed"];
  const parts = new Set([...Object.keys(old), ...Object.keys(now)]);
  const differ = [...parts].filter((part) => old[part] !== now[part]);
  return differ.length === 0
    ? ["definition changed"]
    : differ.map((part) => `${PART_NAMES[part] ?? part} changed`);
}
