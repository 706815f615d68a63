import { bucketEnd } from "../engines/duckdb/feature.ts";
import type { Rows } from "../engines/duckdb/relation.ts";
import { type Events, stampsSql } from "../engines/duckdb/rolling/definition.ts";
import type { Session } from "../engines/duckdb/session.ts";
import { quote } from "../engines/duckdb/types.ts";
import type { FeatureTask } from "../engines/task.ts";

/** What the raw sources hold of the sampled keys, in tables of the session. Keys are called `k0`, `k1`, ... in what is made here. */
export interface Raw {
  task: FeatureTask;
  /** The rows that the feature is made of, with their own columns. */
  rows: string;
  /** For a feature with metrics: the same rows, as events. */
  events: Events | undefined;
  /**
   * The moments at which there are rows: a table of keys and `stamp` (NULL for a feature without time), and whether an event
   * `enters` or `leaves` there.
   */
  stamps: string;
  /** In microseconds since 1970: the last stamp of a feature with metrics, if it has any. */
  last: bigint | undefined;
}

const ROWS = "_mlforge_audit_rows";
const STAMPS = "_mlforge_audit_stamps";
const KNOWN = "_mlforge_audit_known";

/** `k0`, `k1`, ...: as tables of the audit call the keys, whatever a feature calls them. */
export function keyColumns(keys: readonly string[]): string[] {
  return keys.map((_, i) => `k${i}`);
}

/** Reads the rows of the keys that the table `sampled` has, and finds the stamps that they make. */
export async function gather(
  session: Session,
  task: FeatureTask,
  { rows, watermark, sampled }: { rows: Rows; watermark: bigint | undefined; sampled: string },
): Promise<Raw> {
  const { connection } = session;
  const { keys, timestamp, interval, metrics } = task;
  const { validity } = rows;
  let from = rows.name;
  if (validity !== undefined && metrics.length === 0) {
    // What was known when is what such a feature holds.
    const { asKnown } = await import("../engines/duckdb/as_known.ts");
    await asKnown(session, task, { rows, validity, into: from = KNOWN });
  }
  const same = keys.map((key, i) => `r.${quote(key)} = s.k${i}`).join(" AND ");
  await connection.run(
    `CREATE TABLE ${ROWS} AS SELECT * FROM ${from} r
     SEMI JOIN (SELECT DISTINCT ${keyColumns(keys).join(", ")} FROM ${sampled}) s ON ${same}`,
  );
  if (timestamp === undefined || interval === undefined || metrics.length === 0) {
    const named = keys.map((key, i) => `${quote(key)} AS k${i}`);
    const stamp = timestamp === undefined ? "CAST(NULL AS TIMESTAMP)" : quote(timestamp.column);
    await connection.run(
      `CREATE VIEW ${STAMPS} AS SELECT ${
        [...named, `${stamp} AS stamp`, "false AS enters", "false AS leaves"].join(", ")
      } FROM ${ROWS}`,
    );
    return { task, rows: ROWS, stamps: STAMPS, events: undefined, last: undefined };
  }
  const events = { relation: ROWS, keys, time: timestamp.column, columns: rows.columns, interval, validity };
  const last = watermark === undefined ? undefined : bucketEnd(watermark, interval);
  const windows = metrics.map(({ window }) => window);
  await connection.run(
    `CREATE TABLE ${STAMPS} AS ${stampsSql(events, windows, `make_timestamp(${last ?? 0n})`)}`,
  );
  return { task, rows: ROWS, stamps: STAMPS, events, last };
}
