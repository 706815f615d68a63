import type { SourceFormat } from "./model.ts";

const FORMATS: readonly [RegExp, SourceFormat][] = [
  [/\.(parquet|pq)$/i, "parquet"],
  [/\.(csv|tsv|txt)(\.gz)?$/i, "csv"],
  [/\.(json|jsonl|ndjson)(\.gz)?$/i, "json"],
];

/** The format that a path's extension tells, if any does. */
export function formatOf(path: string): SourceFormat | undefined {
  return FORMATS.find(([extension]) => extension.test(path))?.[1];
}

/** Why a source can't have this path; undefined where it can. Local paths may lead anywhere: it is the user's disk. */
export function whyNotPath(path: string): string | undefined {
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]+):\/\//.exec(path)?.[1];
  if (scheme === undefined) return undefined;
  if (scheme !== "s3" && scheme !== "gs") return `begins with "${scheme}://"; only s3:// and gs:// are known`;
  return /^\w+:\/\/[a-z0-9][a-z0-9._-]+\/./.test(path) ? undefined : "names no bucket and object";
}
