import type { Staged } from "./publisher.ts";
import { compareVersions } from "./version.ts";

/** Which old versions go. With neither `keep` nor `before`, none. With both, those that both let go. */
export interface KeepPolicy {
  /** Of each published feature so many of the newest versions stay, whatever is published. */
  keep?: number;
  /** Versions that were built at or after this moment stay. */
  before?: Date;
  /** Whatever was built at or after this moment stays: readers may still be at it. A courtesy, never safety. */
  grace: Date;
}

/** As a listing of what was collected is sorted: by feature, then by number. */
export function byFeatureAndNumber(a: Staged, b: Staged): number {
  return a.feature === b.feature ? compareVersions(a.version, b.version) : a.feature < b.feature ? -1 : 1;
}

/** A version that may go: its metadata is there. */
export interface OldVersion {
  version: string;
  /** When it was built, if that is asked for. */
  createdAt(): Promise<string>;
}

/**
 * The old versions of one feature that go, ascending: the oldest ones without a gap, up to the first that stays. What is
 * published stays in any case, and makes no gap. Of a retired feature (`published` undefined) `keep` keeps none.
 */
export async function chooseOld(
  versions: readonly OldVersion[],
  published: string | undefined,
  { keep, before, grace }: KeepPolicy,
): Promise<string[]> {
  if (keep === undefined && before === undefined) return [];
  const ascending = versions.toSorted((a, b) => compareVersions(a.version, b.version));
  const kept = keep === undefined || published === undefined ? 0 : keep;
  const chosen: string[] = [];
  for (const { version, createdAt } of ascending.slice(0, Math.max(0, ascending.length - kept))) {
    if (version === published) continue;
    const built = new Date(await createdAt());
    // Metadata of other tools may not say when: then nothing is known to be old.
    const old = built < grace && (before === undefined || built < before);
    if (!old) break;
    chosen.push(version);
  }
  return chosen;
}
