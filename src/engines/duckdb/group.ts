import type { DuckDBConnection } from "@duckdb/node-api";
import type { TransformFunction } from "../../definitions/model.ts";
import { MlforgeError } from "../../error.ts";
import type { CacheSettings } from "../../fetch/lease.ts";
import type { FeatureTask, SourceTask } from "../task.ts";
import { checkSql } from "./check_sql.ts";
import { columnsNamed } from "./checks/expression.ts";
import { engineError, isEngineError } from "./errors.ts";
import { type FeatureOptions, placeOf } from "./feature.ts";
import { type Fetched, openFetched } from "./fetched.ts";
import { scansOf } from "./parquet_scans.ts";
import { isRowWise } from "./row_wise.ts";
import { openSession, type Session } from "./session.ts";
import { knowingSources } from "./validity.ts";

/** Features that read the same sources, computed by one worker in one DuckDB: the sources are read once. */
export interface Group {
  sources: SourceTask[];
  /** What checks of the tasks look into. */
  lookups: SourceTask[];
  tasks: FeatureTask[];
  outFolder: string;
  tempFolder: string;
  /** The worker's share. */
  threads: number;
  /** Where fetched sources are kept. */
  cache: CacheSettings;
  /** The columns alone are wanted: nothing reads rows. */
  columnsOnly?: boolean;
  /** Rows that fail a check are written to files in `outFolder`. */
  keepFailing?: boolean;
  /** In bytes: the worker's share, of which DuckDB gets seven tenths; the rest is for the kernel and the result's buffers. */
  memory: number;
}

export interface GroupHooks {
  functionOf(feature: string): Promise<TransformFunction>;
  /** Sources are being fetched for these features: bytes that came, of those that have to come. */
  onFetch?(features: readonly string[], done: number, total: number): void;
  onStart(feature: string): void;
  onPhase(feature: string, phase: string, rows?: number): void;
  /** What is done with each feature: computed, previewed, described. */
  use(session: Session, task: FeatureTask, options: FeatureOptions): Promise<void>;
  onFailed(feature: string, error: MlforgeError): void;
  /** Told once how to stop what is being fetched, or a running query. */
  onSession(interrupt: () => void): void;
}

/** Takes a group's features one after another; one that fails does not keep the others from being tried. */
export async function runGroup(group: Group, hooks: GroupHooks): Promise<void> {
  const names = group.tasks.map((task) => task.feature);
  await using fetched = await openFetched(group.sources, {
    cache: group.cache,
    onBytes: (done, total) => hooks.onFetch?.(names, done, total),
  });
  await using fetchedLookups = await openFetched(group.lookups, { cache: group.cache });
  const { sources } = fetched;
  const lookups = fetchedLookups.sources;
  const explain = (text: string) => fetchedLookups.explain(fetched.explain(text));
  await using session = await openSession({ ...group, sources, lookups, memory: group.memory * 0.7 });
  hooks.onSession(() => {
    fetched.stop();
    fetchedLookups.stop();
    session.connection.interrupt();
  });
  const { connection } = session;
  /** Whether rows were left out that no query should read. */
  let narrowed = false;
  const seen: Columns[] = [];
  const runnable: FeatureTask[] = [];
  const attempt = async (task: FeatureTask, step: () => Promise<void>) => {
    try {
      await step();
    } catch (cause) {
      const error = engineError(cause, `build feature "${task.feature}"`, placeOf(task));
      hooks.onFailed(task.feature, explained(error, explain));
    }
  };
  for (const task of group.tasks) {
    await attempt(task, async () => {
      seen.push(await columnsSeen(connection, task, sources));
      runnable.push(task);
    });
  }
  if (runnable.length === 0) return;
  try {
    const columns = union(seen);
    await fetched.bring(connection, columns);
    await fetchedLookups.bring(connection, referred(runnable));
    if (group.columnsOnly) await session.viewSources();
    else {
      narrowed = await readSources({ session, fetched, columns }, runnable);
      await fetchedLookups.fill(connection);
    }
    await session.viewLookups();
  } catch (cause) {
    for (const task of runnable) await attempt(task, () => Promise.reject(cause));
    return;
  }
  const rowWise = new Map<string, boolean>();
  for (const task of runnable) {
    await attempt(task, async () => {
      const { transform } = task;
      rowWise.set(
        task.feature,
        transform.kind !== "sql" || await isRowWise(connection, transform.sql),
      );
    });
  }
  // One connection, one setting: where a feature's own SQL needs one thread, all of the group run on one.
  const single = runnable.some((task) => rowWise.get(task.feature) === false && task.threads === undefined);
  const asked = Math.max(0, ...runnable.map((task) => task.threads ?? 0));
  await session.lock(single ? 1 : Math.max(group.threads, asked));
  for (const task of runnable) {
    if (!rowWise.has(task.feature)) continue;
    hooks.onStart(task.feature);
    const use = () =>
      hooks.use(session, task, {
        sources: sources.filter((source) => task.sources.includes(source.name)),
        outFolder: group.outFolder,
        functionOf: hooks.functionOf,
        rowWise: rowWise.get(task.feature) === true,
        keepFailing: group.keepFailing === true,
        onPhase: (phase, rows) => hooks.onPhase(task.feature, phase, rows),
      });
    await attempt(task, async () => {
      try {
        await use();
      } catch (error) {
        // It may have read rows that were left out: those are holes, which the engine takes for damage.
        if (!narrowed || !isEngineError(error)) throw error;
        narrowed = await fetched.fill(connection);
        await use();
      }
    });
  }
}

/**
 * Reads the sources once into tables, for several tasks; for one they stay views, of which only the rows are fetched that
 * its query can read. Tells whether rows were left out.
 */
async function readSources(
  { session, fetched, columns }: { session: Session; fetched: Fetched; columns: Columns },
  tasks: readonly FeatureTask[],
): Promise<boolean> {
  const { connection } = session;
  const [first, ...others] = tasks;
  if (first === undefined || others.length > 0) {
    await fetched.fill(connection);
    await session.loadSources(columns);
    return false;
  }
  await session.viewSources();
  const { transform } = first;
  return await fetched.fill(
    connection,
    () => transform.kind === "sql" ? scansOf(connection, transform.sql) : undefined,
  );
}

/** The same error, where the engine's own words were of files in the cache. */
function explained(error: MlforgeError, explain: (text: string) => string): MlforgeError {
  const message = explain(error.message);
  if (message === error.message) return error;
  const { code, hint, place, cause, others, failedCheck } = error;
  return new MlforgeError(code, message, { hint, place, cause, others, failedCheck });
}

/** Lower-case names of the columns that checks look into. */
function referred(tasks: readonly FeatureTask[]): Set<string> {
  const checks = tasks.flatMap((task) => [...task.inputChecks, ...task.checks]);
  return new Set(
    checks.flatMap((check) => check.kind === "referential" ? check.references.toLowerCase() : []),
  );
}

/** Lower-case names of columns of the sources; undefined where all matter. */
type Columns = ReadonlySet<string> | undefined;

/** The columns of its sources that a task can see. SQL that may not run is refused. */
async function columnsSeen(
  connection: DuckDBConnection,
  task: FeatureTask,
  from: readonly SourceTask[],
): Promise<Columns> {
  const { feature, sources, transform } = task;
  if (transform.kind === "sql") {
    const { sql, place } = transform;
    return (await checkSql(connection, { feature, sql, sources, place })).columns;
  }
  return transform.kind === "source"
    ? union([columnsOfSource(task, from), await columnsChecked(connection, task)])
    : undefined;
}

/** A feature that takes its source as it is sees all columns, unless only metrics are made of it, none of them ordered by the rest. */
function columnsOfSource(task: FeatureTask, sources: readonly SourceTask[]): Columns {
  const ordered = task.metrics.some((m) => m.aggregation === "first" || m.aggregation === "last");
  if (task.metrics.length === 0 || ordered) return undefined;
  return new Set(
    [
      ...task.keys,
      ...task.surrogates.flatMap((s) => s.columns),
      ...(task.timestamp === undefined ? [] : [task.timestamp.column]),
      ...task.metrics.map((m) => m.input),
      ...knowingSources(task, sources).flatMap(({ knownAt, rowId }) => [knownAt ?? [], rowId ?? []].flat()),
    ].map((name) => name.toLowerCase()),
  );
}

/** The columns that a task's input checks read. */
async function columnsChecked(connection: DuckDBConnection, task: FeatureTask): Promise<Columns> {
  const all: Columns[] = [];
  for (const check of task.inputChecks) {
    if (check.kind === "sql") all.push(await columnsNamed(connection, check, task.feature));
    const named = check.kind === "unique_key"
      ? check.columns
      : "column" in check
      ? [check.column ?? []].flat()
      : [];
    all.push(new Set(named?.map((name) => name.toLowerCase())));
  }
  return union(all);
}

function union(all: readonly Columns[]): Set<string> | undefined {
  const names = new Set<string>();
  for (const columns of all) {
    if (columns === undefined) return undefined;
    for (const column of columns) names.add(column);
  }
  return names;
}
