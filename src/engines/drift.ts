import type { ColumnStatistics } from "../publish/meta.ts";

/** Statistics of one version, which another is compared with. Plain data. */
export interface Baseline {
  version: string;
  rows: number;
  statistics: Record<string, ColumnStatistics>;
}

/** No bin's share counts as less: an empty one would make the logarithm infinite. */
export const LEAST_SHARE = 1e-4;

/**
 * The population stability index of counts in the same bins: the sum of (a - e) ln(a / e) over the bins' shares, e
 * expected, a actual (Siddiqi, "Credit Risk Scorecards", 2006). Shares below 0.0001 count as that. 0 where all is the same.
 */
export function populationStability(expected: readonly number[], actual: readonly number[]): number {
  const [e, a] = [sharesOf(expected), sharesOf(actual)];
  return e.reduce((sum, share, bin) => sum + (a[bin]! - share) * Math.log(a[bin]! / share), 0);
}

function sharesOf(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => Math.max(LEAST_SHARE, total === 0 ? 0 : count / total));
}

/** How far a mean has moved, in standard deviations of the baseline (Glass's delta). */
export function meanShift(baseline: ColumnStatistics, now: ColumnStatistics): number | undefined {
  if (baseline.mean === undefined || now.mean === undefined) return undefined;
  const distance = Math.abs(now.mean - baseline.mean);
  return distance === 0 ? 0 : distance / (baseline.std ?? 0);
}

/** How far the share of NULLs has moved, up or down. */
export function nullShift(
  baseline: { nulls: number; rows: number },
  now: { nulls: number; rows: number },
): number {
  const rate = ({ nulls, rows }: { nulls: number; rows: number }) => rows === 0 ? 0 : nulls / rows;
  return Math.abs(rate(now) - rate(baseline));
}
