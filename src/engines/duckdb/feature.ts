import { join } from "node:path";
import type { TransformFunction } from "../../definitions/model.ts";
import { MlforgeError, type Place } from "../../error.ts";
import { suggestName } from "../../nearest.ts";
import type { Built, FeatureTask, SourceTask } from "../task.ts";
import { engineError } from "./errors.ts";
import type { DriftChecks } from "./checks/drift.ts";
import { failingFile } from "./checks/failing_file.ts";
import { gate, refuse } from "./checks/gate.ts";
import type { CheckResult } from "./checks/result.ts";
import { checkRows } from "./checks/rows.ts";
import { columnsOfQuery, normalise, requireOnce, type Rows } from "./relation.ts";
import type { Session } from "./session.ts";
import type { Described } from "./statistics/gather.ts";
import { writeRows } from "./write.ts";
import { type Column, columnsOf, literal, metaColumns, quote, storable } from "./types.ts";

export interface FeatureOptions {
  sources: readonly SourceTask[];
  outFolder: string;
  /** The function of a task that has one. */
  functionOf(feature: string): Promise<TransformFunction>;
  /** Whether the transform's rows are cheap to read more than once. */
  rowWise: boolean;
  /** Takes no rows from the transform: only the columns matter. Not for functions. */
  empty?: boolean;
  /** Whether rows that fail a check are written to `failingFile`. */
  keepFailing?: boolean;
  onPhase(phase: string, rows?: number): void;
}

/** A feature's rows in their final order, not yet written. */
export interface Prepared {
  /** What to select from, and what to select: already sorted. */
  from: string;
  select: string;
  columns: Column[];
  dropped: Rows["dropped"];
  /** Microseconds since 1970, UTC. */
  watermark: bigint | undefined;
  /** Of the transform's output and of the rows; none that has to pass failed. */
  checks: CheckResult[];
  /** The columns that have statistics. */
  described: Described;
  drift: DriftChecks;
}

type Ordered = Pick<Prepared, "from" | "select" | "columns">;

const NAMES = {
  raw: "_mlforge_raw",
  transformed: "_mlforge_transformed",
  rows: "_mlforge_rows",
  ordered: "_mlforge_ordered",
};

/** One feature, from its sources to a Parquet file. */
export function computeFeature(session: Session, task: FeatureTask, options: FeatureOptions): Promise<Built> {
  return withPrepared(session, task, options, async (prepared) => {
    options.onPhase("writing");
    const file = join(options.outFolder, `${task.feature}.parquet`);
    const written = await writeRows(session, task, prepared, file);
    const drifted = prepared.drift.judge(written.statistics, written.rows);
    refuse(task.feature, drifted);
    return {
      feature: task.feature,
      file,
      ...written,
      columns: metaColumns(prepared.columns),
      stamp: task.timestamp === undefined ? "none" : task.metrics.length > 0 ? "bucket_end" : "event",
      watermark: prepared.watermark === undefined ? null : isoOf(prepared.watermark),
      dropped: prepared.dropped,
      checks: [...prepared.checks, ...drifted],
    };
  });
}

/** Transform, keys and times, rolling windows (or a sort), then `use`. */
export function withPrepared<T>(
  session: Session,
  task: FeatureTask,
  options: FeatureOptions,
  use: (prepared: Prepared) => Promise<T>,
): Promise<T> {
  return withRows(session, task, options, async (rows, watermark) => {
    const { connection } = session;
    // On no rows only what is asked matters, not what is found.
    const gateOn = (where: "input" | "output") => ({
      hidden: task.hidden,
      asked: options.empty === true,
      ...(options.keepFailing
        ? { failingFile: join(options.outFolder, failingFile(task.feature, where)) }
        : {}),
    });
    const inputChecks = await gate(connection, rows.findings, rows.all, gateOn("input"));
    const checked = async (ordered: Ordered): Promise<Prepared> => {
      requireHidden(task, [...rows.all.columns, ...ordered.columns]);
      if (task.checks.length > 0) options.onPhase("checking");
      const { checks, ...found } = await checkRows(connection, task, ordered, gateOn("output"));
      return { ...ordered, dropped: rows.dropped, watermark, checks: [...inputChecks, ...checks], ...found };
    };
    if (task.metrics.length === 0 || task.interval === undefined || task.timestamp === undefined) {
      options.onPhase("sorting", rows.count);
      return await use(await checked(await sorted(session, task, rows)));
    }
    options.onPhase("rolling windows", rows.count);
    const { rolling } = await import("./rolling.ts");
    const rolled = await rolling({
      instance: session.instance,
      connection,
      relation: rows.name,
      keys: task.keys,
      time: task.timestamp.column,
      interval: task.interval,
      metrics: task.metrics,
      ...(rows.validity === undefined ? {} : { validity: rows.validity }),
      lastStamp: watermark === undefined ? 0n : bucketEnd(watermark, task.interval),
      onRows: (n: number) => options.onPhase("rolling windows", n),
    });
    try {
      return await use(await checked(await described(session, rolled.select, rolled.table)));
    } finally {
      await rolled.drop();
    }
  });
}

/**
 * Transform, keys and times, then `use`: what a feature is made of. The session is locked; everything made here is dropped
 * again, so that the next feature of the group finds it clean. The watermark is in microseconds since 1970, UTC.
 */
export async function withRows<T>(
  session: Session,
  task: FeatureTask,
  options: FeatureOptions,
  use: (rows: Rows, watermark: bigint | undefined) => Promise<T>,
): Promise<T> {
  const { connection } = session;
  const leading = options.sources.find((s) => s.name === task.sources[0]);
  if (leading === undefined) throw new Error(`The task of ${task.feature} came without its source`);
  const functionFile = join(options.outFolder, `${task.feature}.function.parquet`);
  try {
    options.onPhase(task.transform.kind === "function" ? "running the function" : "reading");
    await transform(session, task, options, functionFile);
    const rows = await normalise(connection, task, {
      transformed: NAMES.transformed,
      name: NAMES.rows,
      leading,
      sources: options.sources,
      empty: options.empty === true,
    });
    return await use(rows, watermarkOf(rows.newest, leading.watermark));
  } catch (cause) {
    throw engineError(cause, `build feature "${task.feature}"`, placeOf(task));
  } finally {
    for (const name of [NAMES.rows, `${NAMES.rows}_all`]) await dropEither(session, name);
    for (const name of [NAMES.transformed, NAMES.raw, NAMES.ordered]) await dropEither(session, name);
    await Deno.remove(functionFile).catch(() => {});
  }
}

/** A column to be left out that is not there is a slip that would show another one. */
function requireHidden({ feature, hidden, place }: FeatureTask, columns: readonly Column[]): void {
  const names = [...new Set(columns.map(({ name }) => name))];
  const unknown = hidden.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new MlforgeError(
    "usage",
    `Feature "${feature}" has no column "${unknown}" to leave out of statistics`,
    {
      place,
      hint: suggestName(unknown, names),
    },
  );
}

/** Makes `_mlforge_transformed`. */
async function transform(session: Session, task: FeatureTask, options: FeatureOptions, functionFile: string) {
  const { connection } = session;
  const view = `CREATE VIEW ${NAMES.transformed} AS`;
  const { transform } = task;
  if (transform.kind === "function") {
    const { runFunction } = await import("../arrow/function.ts");
    await runFunction(session, task, await options.functionOf(task.feature), functionFile);
    await connection.run(`${view} SELECT * FROM read_parquet(${literal(functionFile)})`);
    return;
  }
  const sql = transform.kind === "sql" ? transform.sql : `SELECT * FROM ${quote(task.sources[0] ?? "")}`;
  // A view or a table of it would silently call the second one "x_1".
  requireOnce(task, await columnsOfQuery(connection, sql));
  if (options.empty) {
    await connection.run(`CREATE VIEW ${NAMES.raw} AS ${sql}`);
    await connection.run(`${view} SELECT * FROM ${NAMES.raw} LIMIT 0`);
  } else if (options.rowWise) {
    await connection.run(`${view} ${sql}`);
  } else {
    // What aggregates is computed once and kept; what only maps rows is cheaper to run again than to hold.
    await connection.run(`CREATE TABLE ${NAMES.transformed} AS ${sql}`);
  }
}

async function described(session: Session, select: string, from: string): Promise<Ordered> {
  const columns = columnsOf(await session.connection.run(`SELECT ${select} FROM ${from} LIMIT 0`));
  return { from, select, columns };
}

async function sorted(session: Session, task: FeatureTask, rows: Rows): Promise<Ordered> {
  const { connection } = session;
  const { validity } = rows;
  if (validity !== undefined) {
    const { asKnown } = await import("./as_known.ts");
    await asKnown(session, task, { rows, validity, into: NAMES.ordered });
    return described(session, "*", NAMES.ordered);
  }
  const identity = [...task.keys, ...(task.timestamp === undefined ? [] : [task.timestamp.column])].map(
    quote,
  );
  await connection.run(
    `CREATE TABLE ${NAMES.ordered} AS SELECT ${rows.columns.map(storable).join(", ")} FROM ${rows.name}
     ORDER BY ${identity.join(", ")}`,
  );
  const twice = await connection.runAndReadAll(
    `SELECT ${identity.map((c) => `CAST(${c} AS VARCHAR)`).join(", ")}, count(*), count(*) OVER ()
     FROM ${NAMES.ordered} GROUP BY ${identity.join(", ")} HAVING count(*) > 1 ORDER BY ${
      identity.join(", ")
    } LIMIT 1`,
  );
  const [first] = twice.getRows();
  if (first !== undefined) {
    const values = [...task.keys, task.timestamp?.column].flatMap((name, i) =>
      name ? [`${name}=${task.hidden.includes(name) ? "(hidden)" : first[i]}`] : []
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

/** Where a person looks first: the SQL, else the feature. */
export function placeOf(task: FeatureTask): Place {
  return task.transform.kind === "sql" ? task.transform.place : task.place;
}
