import type { FeatureTask } from "../engines/task.ts";
import type { Group } from "../engines/duckdb/group.ts";
import type { CacheSettings } from "../fetch/lease.ts";
import type { Computable } from "./compute.ts";
import { featureTask } from "./tasks.ts";

export interface Shares {
  workers: number;
  /** In bytes, for the whole process. */
  memory: number;
  cpus: number;
  /** The batch's folder. */
  folder: string;
  cache: CacheSettings;
  /** What checks call the present. */
  now: Date;
  /** Whether rows that fail a check are written beside the data. */
  keepFailing: boolean;
}

/**
 * Splits the work into one group a worker: features that read the same sources stay together, so that these are read
 * once a worker; a set that is more than a worker's even share is split. Threads and memory are shared evenly.
 */
export function groupsOf(planned: readonly Computable[], shares: Shares): Group[] {
  const sets = new Map<string, Computable[]>();
  for (const item of planned) {
    const key = item.feature.sources.map((s) => s.name).sort().join(" ");
    sets.set(key, [...(sets.get(key) ?? []), item]);
  }
  const even = Math.ceil(planned.length / shares.workers);
  const parts = [...sets.values()].flatMap((set) => split(set, Math.ceil(set.length / even)));
  // The longest first, so that the last worker is not the one that starts last.
  parts.sort((a, b) => b.length - a.length);
  const running = Math.max(1, Math.min(shares.workers, parts.length));
  return parts.map((part, i) => ({
    sources: (part[0]?.sources ?? []).map((source) => source.task),
    lookups: [
      ...new Map(part.flatMap(({ lookups }) => lookups.map(({ task }) => [task.name, task]))).values(),
    ],
    tasks: part.map(({ feature, config, baselines = {} }): FeatureTask =>
      featureTask(feature, { configHash: config.hash, now: shares.now, baselines })
    ),
    keepFailing: shares.keepFailing,
    outFolder: shares.folder,
    cache: shares.cache,
    tempFolder: `${shares.folder}/spill-${i}`,
    threads: Math.max(1, Math.floor(shares.cpus / running)),
    memory: Math.floor(shares.memory / running),
  }));
}

/** Into at most `count` parts of nearly the same length, dealt out in turn. */
function split<T>(items: readonly T[], count: number): T[][] {
  const parts: T[][] = Array.from({ length: Math.min(count, items.length) }, () => []);
  items.forEach((item, i) => parts[i % parts.length]?.push(item));
  return parts;
}
