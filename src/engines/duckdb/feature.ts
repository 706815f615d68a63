import { createHash } from "node:crypto";
import { join } from "node:path";
import type { TransformFunction } from "../../definitions/model.ts";
import { MlforgeError } from "../../error.ts";
import type { Built, FeatureTask, SourceTask } from "../task.ts";
import { engineError } from "./errors.ts";
import { normalise, type Rows } from "./relation.ts";
import { rolling } from "./rolling.ts";
import { rowsHash } from "./rows_hash.ts";
import type { Session } from "./session.ts";
import { type Column, columnsOf, literal, metaColumns, quote, storable } from "./types.ts";

export interface FeatureOptions {
  sources: readonly SourceTask[];
  outFolder: string;
  /** The function of a task that has one. */
  functionOf(feature: string): Promise<TransformFunction>;
  /** Whether the transform's rows are cheap to read more than once. */
  rowWise: boolean;
  onPhase(phase: string, rows?: number): void;
}

/** An ordered relation and how to write it. */
interface Ordered {
  from: string;
  select: string;
  columns: Column[];
}

const NAMES = { transformed: "_mlforge_transformed", rows: "_mlforge_rows", ordered: "_mlforge_ordered" };

/**
 * One feature, from its sources to a Parquet file: transform, keys and times, rolling windows (or a sort), write, hash.
 * The session is locked; everything made here is dropped again, so that the next feature of the group finds it clean.
 */
export async function computeFeature(
  session: Session,
  task: FeatureTask,
  options: FeatureOptions,
): Promise<Built> {
  const { connection } = session;
  const leading = options.sources.find((s) => s.name === task.sources[0]);
  if (leading === undefined) throw new Error(`The task of ${task.feature} came without its source`);
  const file = join(options.outFolder, `${task.feature}.parquet`);
  const files: string[] = [];
  let made: Ordered | undefined;
  let drop: (() => Promise<void>) | undefined;
  try {
    options.onPhase(task.transform.kind === "function" ? "running the function" : "reading");
    files.push(...await transform(session, task, options));
    const zones = new Set(task.sources.map((name) => options.sources.find((s) => s.name === name)?.timezone));
    const rows = await normalise(connection, task, {
      transformed: quote(NAMES.transformed),
      name: NAMES.rows,
      source: leading,
      zones,
    });
    const watermark = watermarkOf(rows.newest, leading.watermark);
    if (task.metrics.length > 0 && task.interval !== undefined && task.timestamp !== undefined) {
      options.onPhase("rolling windows", rows.count);
      const rolled = await rolling({
        instance: session.instance,
        connection,
        relation: rows.name,
        keys: task.keys,
        time: task.timestamp.column,
        interval: task.interval,
        metrics: task.metrics,
        lastStamp: watermark === undefined ? 0n : bucketEnd(watermark, task.interval),
        onRows: (n) => options.onPhase("rolling windows", n),
      });
      drop = rolled.drop;
      made = await described(session, rolled.select, quote(rolled.table));
    } else {
      options.onPhase("sorting", rows.count);
      made = await sorted(session, task, rows);
    }
    options.onPhase("writing");
    const hashed = await write(session, task, made, file);
    const content = await hashFile(file);
    return {
      feature: task.feature,
      file,
      bytes: content.bytes,
      rows: hashed.rows,
      columns: metaColumns(made.columns),
      contentHash: content.hash,
      rowsHash: hashed.hash,
      stamp: task.timestamp === undefined ? "none" : task.metrics.length > 0 ? "bucket_end" : "event",
      watermark: watermark === undefined ? null : isoOf(watermark),
      dropped: rows.dropped,
    };
  } catch (cause) {
    throw engineError(cause, `build feature "${task.feature}"`, placeOf(task));
  } finally {
    await drop?.();
    for (const name of [NAMES.rows, `${NAMES.rows}_all`]) await connection.run(`DROP VIEW IF EXISTS ${name}`);
    await dropEither(session, NAMES.transformed);
    await dropEither(session, NAMES.ordered);
    for (const path of files) await Deno.remove(path).catch(() => {});
  }
}

/** Makes `_mlforge_transformed`, and gives the files that it needs until the feature is done. */
async function transform(session: Session, task: FeatureTask, options: FeatureOptions): Promise<string[]> {
  const { connection } = session;
  const view = `CREATE VIEW ${NAMES.transformed} AS `;
  switch (task.transform.kind) {
    case "source":
      await connection.run(`${view}SELECT * FROM ${quote(task.sources[0] ?? "")}`);
      return [];
    case "sql":
      // What aggregates is computed once and kept; what only maps rows is cheaper to run again than to hold.
      await connection.run(
        `${options.rowWise ? view : `CREATE TABLE ${NAMES.transformed} AS `}${task.transform.sql}`,
      );
      return [];
    case "function": {
      const { runFunction } = await import("../arrow/function.ts");
      const file = join(options.outFolder, `${task.feature}.function.parquet`);
      await runFunction(session, task, await options.functionOf(task.feature), file);
      await connection.run(`${view}SELECT * FROM read_parquet(${literal(file)})`);
      return [file];
    }
  }
}

async function described(session: Session, select: string, from: string): Promise<Ordered> {
  const columns = columnsOf(await session.connection.run(`SELECT ${select} FROM ${from} LIMIT 0`));
  return { from, select, columns };
}

async function sorted(session: Session, task: FeatureTask, rows: Rows): Promise<Ordered> {
  const { connection } = session;
  const identity = [...task.keys, ...(task.timestamp === undefined ? [] : [task.timestamp.column])].map(
    quote,
  );
  await connection.run(
    `CREATE TABLE ${NAMES.ordered} AS SELECT ${rows.columns.map(storable).join(", ")} FROM ${rows.name}
     ORDER BY ${identity.join(", ")}`,
  );
  const twice = await connection.runAndReadAll(
    `SELECT ${
      identity.map((c) => `CAST(${c} AS VARCHAR)`).join(", ")
    }, count(*) AS n, count(*) OVER () AS many
     FROM ${NAMES.ordered} GROUP BY ${identity.join(", ")} HAVING n > 1 ORDER BY ${
      identity.join(", ")
    } LIMIT 1`,
  );
  const [first] = twice.getRows();
  if (first !== undefined) {
    const values = [...task.keys, task.timestamp?.column].flatMap((name, i) =>
      name ? [`${name}=${first[i]}`] : []
    );
    throw new MlforgeError(
      "failed",
      `Feature "${task.feature}" has ${first.at(-2)} rows for ${values.join(", ")} (${
        first.at(-1)
      } such cases in all)`,
      { place: task.place, hint: "Keep one row for each key and time: aggregate in SQL, or use metrics." },
    );
  }
  return described(session, "*", NAMES.ordered);
}

/** Writes the file and hashes its rows at the same time, each on a connection of its own. */
async function write(session: Session, task: FeatureTask, ordered: Ordered, file: string) {
  const metadata = `{mlforge_feature: ${literal(task.feature)}, mlforge_config_hash: ${
    literal(task.configHash)
  }}`;
  const hashing = await session.instance.connect();
  try {
    const [, hashed] = await Promise.all([
      session.connection.run(
        `COPY (SELECT ${ordered.select} FROM ${ordered.from}) TO ${literal(file)}
         (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880, KV_METADATA ${metadata})`,
      ),
      rowsHash(hashing, ordered),
    ]);
    return hashed;
  } finally {
    hashing.closeSync();
  }
}

async function hashFile(path: string): Promise<{ hash: string; bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  using file = await Deno.open(path);
  for await (const part of file.readable) {
    hash.update(part);
    bytes += part.length;
  }
  return { hash: hash.digest("hex"), bytes };
}

async function dropEither(session: Session, name: string): Promise<void> {
  // DROP ... IF EXISTS still refuses an object of the other kind.
  await session.connection.run(`DROP VIEW IF EXISTS ${name}`).catch(() => {});
  await session.connection.run(`DROP TABLE IF EXISTS ${name}`).catch(() => {});
}

/** Monday 2000-01-03 00:00 UTC, from which all buckets are counted, in microseconds since 1970. */
const ORIGIN = 946_857_600_000_000n;

/** The end of the bucket that contains the moment, in microseconds since 1970; `interval` in seconds. */
export function bucketEnd(moment: bigint, interval: number): bigint {
  const width = BigInt(interval) * 1_000_000n;
  const since = moment - ORIGIN;
  const into = ((since % width) + width) % width;
  return moment - into + width;
}

function watermarkOf(newest: bigint | undefined, declared: string | undefined): bigint | undefined {
  const said = declared === undefined ? undefined : BigInt(Date.parse(declared)) * 1000n;
  if (newest === undefined || said === undefined) return newest ?? said;
  return newest > said ? newest : said;
}

/** ISO 8601 in UTC with microseconds. */
export function isoOf(micros: bigint): string {
  const rest = ((micros % 1000n) + 1000n) % 1000n;
  const millis = new Date(Number((micros - rest) / 1000n)).toISOString().slice(0, -1);
  return `${millis}${String(rest).padStart(3, "0")}Z`;
}

function placeOf(task: FeatureTask) {
  return task.transform.kind === "sql" ? task.transform.place : task.place;
}
