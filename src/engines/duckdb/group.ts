import type { TransformFunction } from "../../definitions/model.ts";
import type { MlforgeError } from "../../error.ts";
import type { FeatureTask, SourceTask } from "../task.ts";
import { checkSql, type SqlFacts } from "./check_sql.ts";
import { engineError } from "./errors.ts";
import { type FeatureOptions, placeOf } from "./feature.ts";
import { isRowWise } from "./row_wise.ts";
import { openSession, type Session } from "./session.ts";

/** Features that read the same sources, computed by one worker in one DuckDB: the sources are read once. */
export interface Group {
  sources: SourceTask[];
  tasks: FeatureTask[];
  outFolder: string;
  tempFolder: string;
  /** The worker's share. */
  threads: number;
  /** In bytes: the worker's share, of which DuckDB gets seven tenths; the rest is for the kernel and the result's buffers. */
  memory: number;
}

export interface GroupHooks {
  functionOf(feature: string): Promise<TransformFunction>;
  onStart(feature: string): void;
  onPhase(feature: string, phase: string, rows?: number): void;
  /** What is done with each feature: computed, previewed, described. */
  use(session: Session, task: FeatureTask, options: FeatureOptions): Promise<void>;
  onFailed(feature: string, error: MlforgeError): void;
  /** Told once how to stop a running query. */
  onSession(interrupt: () => void): void;
}

/** Takes a group's features one after another; one that fails does not keep the others from being tried. */
export async function runGroup(group: Group, hooks: GroupHooks): Promise<void> {
  await using session = await openSession({ ...group, memory: group.memory * 0.7 });
  hooks.onSession(() => session.connection.interrupt());
  const facts = new Map<string, SqlFacts>();
  const runnable: FeatureTask[] = [];
  const attempt = async (task: FeatureTask, step: () => Promise<void>) => {
    try {
      await step();
    } catch (cause) {
      hooks.onFailed(task.feature, engineError(cause, `build feature "${task.feature}"`, placeOf(task)));
    }
  };
  for (const task of group.tasks) {
    await attempt(task, async () => {
      if (task.transform.kind === "sql") facts.set(task.feature, await sqlFacts(session, task));
      runnable.push(task);
    });
  }
  if (runnable.length === 0) return;
  try {
    if (runnable.length > 1) await session.loadSources(neededColumns(runnable, facts));
    else await session.viewSources();
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
        transform.kind !== "sql" || await isRowWise(session.connection, transform.sql),
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
    await attempt(task, async () => {
      await hooks.use(session, task, {
        sources: group.sources.filter((source) => task.sources.includes(source.name)),
        outFolder: group.outFolder,
        functionOf: hooks.functionOf,
        rowWise: rowWise.get(task.feature) === true,
        onPhase: (phase, rows) => hooks.onPhase(task.feature, phase, rows),
      });
    });
  }
}

function sqlFacts(session: Session, task: FeatureTask): Promise<SqlFacts> {
  if (task.transform.kind !== "sql") throw new Error(`${task.feature} has no SQL`);
  const { sql, place } = task.transform;
  return checkSql(session.connection, { feature: task.feature, sql, sources: task.sources, place });
}

/** Lower-case names of all columns that any of the tasks can see; undefined where one takes all of them. */
function neededColumns(
  tasks: readonly FeatureTask[],
  facts: ReadonlyMap<string, SqlFacts>,
): Set<string> | undefined {
  const needed = new Set<string>();
  for (const task of tasks) {
    const columns = facts.get(task.feature)?.columns ?? columnsOfSource(task);
    if (columns === undefined) return undefined;
    for (const column of columns) needed.add(column);
  }
  return needed;
}

/** A feature that takes its source as it is sees all columns, unless only metrics are made of it, none of them ordered by the rest. */
function columnsOfSource(task: FeatureTask): Set<string> | undefined {
  const ordered = task.metrics.some((m) => m.aggregation === "first" || m.aggregation === "last");
  if (task.transform.kind !== "source" || task.metrics.length === 0 || ordered) return undefined;
  const names = [
    ...task.keys,
    ...task.surrogates.flatMap((s) => s.columns),
    ...(task.timestamp === undefined ? [] : [task.timestamp.column]),
    ...task.metrics.map((m) => m.input),
  ];
  return new Set(names.map((name) => name.toLowerCase()));
}
