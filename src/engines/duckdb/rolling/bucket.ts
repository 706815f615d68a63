/** Monday 2000-01-03 00:00 UTC, from which all buckets are counted, in microseconds since 1970. */
const ORIGIN = 946_857_600_000_000n;

/** The start of the bucket that contains the moment; all in microseconds, the moment since 1970. */
export function bucketStart(moment: bigint, width: bigint): bigint {
  const since = moment - ORIGIN;
  return moment - (((since % width) + width) % width);
}
