import type { Duration } from "./model.ts";

const SECONDS = { m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

/** A thousand years: nothing longer is meant, and seconds stay far inside what a bucket can count. */
const LONGEST = 1000 * 365 * SECONDS.d;

/**
 * Parses `15m`, `6h`, `7d` or `2w` (minutes, hours, days, weeks; a whole number from 1, without leading zeros).
 * Undefined for anything else: there are no months, whose length differs.
 */
export function parseDuration(text: string): Duration | undefined {
  const match = /^([1-9][0-9]{0,9})([mhdw])$/.exec(text);
  if (match === null) return undefined;
  const seconds = Number(match[1]) * SECONDS[match[2] as keyof typeof SECONDS];
  return seconds > LONGEST ? undefined : { text, seconds };
}
