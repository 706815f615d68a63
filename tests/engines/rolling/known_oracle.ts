import { aggregated, type Asked, bucketEnd, type Event, type ExpectedRow } from "./oracle.ts";

/** An event as it was loaded at some moment. */
export interface Version extends Event {
  /** Microseconds since 1970, as `time`. */
  knownAt: bigint;
  /** The same for all versions of one row; null where nothing says so. */
  row: string | null;
  /** It has no key or no time: it takes the version before it away and counts for nothing itself. */
  void: boolean;
}

/** What counts at a moment: has happened, is known, and nothing newer of the same row is known. */
export function counting(versions: readonly Version[], moment: bigint): Version[] {
  return versions.filter((one) =>
    !one.void && one.time < moment && one.knownAt < moment &&
    !versions.some((other) =>
      one.row !== null && other.row === one.row && other.knownAt > one.knownAt && other.knownAt < moment
    )
  );
}

/** docs/time.md's "Known at" as a program that looks at all versions for each stamp. */
export function expectedOfVersions(versions: readonly Version[], request: Asked): ExpectedRow[] {
  const interval = BigInt(request.interval) * 1_000_000n;
  const micros = (seconds: number) => BigInt(seconds) * 1_000_000n;
  const windows = [...new Set(request.metrics.map(({ window }) => window))];
  // Nothing can enter or leave at other stamps.
  const stamps = new Set(versions.flatMap(({ time, knownAt }) => {
    const end = bucketEnd(time, interval);
    return [end, bucketEnd(knownAt, interval), ...windows.map((window) => end + micros(window))];
  }));
  const rows: ExpectedRow[] = [];
  for (const stamp of stamps) {
    if (stamp > request.lastStamp) continue;
    const now = counting(versions, stamp);
    const before = counting(versions, stamp - interval);
    for (const key of new Set(versions.filter((one) => !one.void).map((one) => one.key))) {
      const inside = (all: readonly Version[], end: bigint, window: number) =>
        all.filter((one) => one.key === key && one.time >= end - micros(window));
      const moved = windows.some((window) => {
        const [a, b] = [
          new Set(inside(now, stamp, window)),
          new Set(inside(before, stamp - interval, window)),
        ];
        return a.symmetricDifference(b).size > 0;
      });
      if (!moved) continue;
      const metrics = request.metrics.map((metric) =>
        aggregated(inside(now, stamp, metric.window), metric, request.scales[metric.input] ?? 0)
      );
      rows.push({ key, stamp, metrics });
    }
  }
  return rows;
}
