import type { DuckDBConnection } from "@duckdb/node-api";
import { parseDuration } from "../definitions/duration.ts";
import { timeColumn } from "../engines/duckdb/timestamp.ts";
import { literal } from "../engines/duckdb/types.ts";
import { MlforgeError } from "../error.ts";
import type { Chosen } from "./choose.ts";
import type { Opened } from "./open_feature.ts";

/** SQL for the moment from which a row of the feature is known, before or at which a label can't see it. */
export async function stampOf(
  connection: DuckDBConnection,
  { chosen, view }: Opened,
): Promise<string | undefined> {
  const { feature, meta } = chosen;
  if (meta.mlforge.stamp === "none" || meta.timestamp === null) return undefined;
  const what = `feature "${feature}"`;
  const time = await timeColumn(connection, { relation: view, column: meta.timestamp, what });
  if (meta.mlforge.stamp !== "bucket_start") return time;
  return `${time} + to_seconds(${secondsOf(chosen)})`;
}

/**
 * Microseconds since 1970 from which on nothing is known of the feature: one interval after its last stamp. Undefined
 * where it does not end.
 */
export async function beyondFrom(connection: DuckDBConnection, chosen: Chosen): Promise<bigint | undefined> {
  const { stamp, watermark } = chosen.meta.mlforge;
  if (stamp !== "bucket_end" || watermark === null) return undefined;
  const seconds = secondsOf(chosen);
  const newest = `make_timestamp(epoch_us(CAST(${literal(watermark)} AS TIMESTAMPTZ)))`;
  const bucket = `time_bucket(to_seconds(${seconds}), ${newest}, TIMESTAMP '2000-01-03 00:00:00')`;
  const reader = await connection.runAndReadAll(`SELECT epoch_us(${bucket}) + ${2 * seconds * 1_000_000}`);
  return BigInt(String(reader.getRows()[0]?.[0]));
}

function secondsOf(chosen: Chosen): number {
  const { feature, meta, version } = chosen;
  const duration = parseDuration(meta.interval ?? "");
  if (duration !== undefined) return duration.seconds;
  throw new MlforgeError(
    "failed",
    `The metadata of feature "${feature}" ${version} has the interval "${meta.interval}"`,
    {
      hint: "Joins know minutes, hours, days and weeks (15m, 6h, 7d, 2w): build the feature again.",
    },
  );
}
