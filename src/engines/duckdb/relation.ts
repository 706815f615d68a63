import type { DuckDBConnection } from "@duckdb/node-api";
import { MlforgeError } from "../../error.ts";
import { suggestName } from "../../nearest.ts";
import type { Timestamp } from "../../definitions/model.ts";
import type { Dropped } from "../../publish/meta.ts";
import type { FeatureTask, SourceTask } from "../task.ts";
import type { Checked } from "./checks/probe.ts";
import { type Finding, planScan } from "./checks/scan.ts";
import { surrogateExpression } from "./surrogate.ts";
import { timeExpression } from "./timestamp.ts";
import { type Column, columnsOf, quote } from "./types.ts";
import { knowingSources, rowsThatCount, VALIDITY, type Validity, validitySql } from "./validity.ts";

/** What a transform gave, with keys made, times in UTC and rows without key or time left out. */
export interface Rows {
  /** SQL name of a view. */
  name: string;
  /** Keys, then the time (if any), then all others in the transform's order. */
  columns: Column[];
  /** Columns beside those that say when a row counts; undefined where it does from its time on. */
  validity: Validity | undefined;
  /** Rows that stay, or did before those that are replaced before they count went. */
  count: number;
  dropped: Dropped;
  /**
   * Newest time among all rows, or moment at which one was known, microseconds since 1970 in UTC; undefined where there is
   * none.
   */
  newest: bigint | undefined;
  /** What the transform gave, with keys and times made, and no row left out. */
  all: Checked;
  /** What the task's input checks found there. */
  findings: Finding[];
}

export async function columnsOfRelation(connection: DuckDBConnection, relation: string): Promise<Column[]> {
  return columnsOf(await connection.run(`SELECT * FROM ${relation} LIMIT 0`));
}

/** Names of the columns that a statement gives, as it gives them. */
export async function columnsOfQuery(connection: DuckDBConnection, sql: string): Promise<string[]> {
  const prepared = await connection.prepare(sql);
  try {
    return Array.from({ length: prepared.columnCount }, (_, i) => prepared.columnName(i));
  } finally {
    prepared.destroySync();
  }
}

/** Checks that the transform's output has what the feature names, and makes the view `name` of its rows. */
export async function normalise(
  connection: DuckDBConnection,
  task: FeatureTask,
  options: {
    transformed: string;
    name: string;
    sources: readonly SourceTask[];
    /** The one of them whose zone a time without one is in. */
    leading: SourceTask;
    /** There are no rows to find a text column's format from. */
    empty: boolean;
  },
): Promise<Rows> {
  const columns = await columnsOfRelation(connection, options.transformed);
  const knowing = knowingSources(task, options.sources);
  requireColumns(task, columns, knowing);
  const typeOf = new Map(columns.map((c) => [c.name, c.type]));
  const expressions = new Map<string, string>();
  for (const { key, columns: parts } of task.surrogates) {
    expressions.set(
      key,
      surrogateExpression(parts.map((name) => ({ name, type: typeOf.get(name) ?? "VARCHAR" }))),
    );
  }
  const time = task.timestamp?.column;
  const momentOf = async ({ column, format }: Timestamp, source: SourceTask) =>
    options.empty && typeOf.get(column) === "VARCHAR"
      ? "CAST(NULL AS TIMESTAMP)"
      : await timeExpression(connection, {
        relation: options.transformed,
        column,
        feature: task.feature,
        place: task.place,
        ...(format === undefined ? {} : { format }),
        ...(source.timezone === undefined ? {} : { timezone: source.timezone }),
        ...(source.fold === undefined ? {} : { fold: source.fold }),
      });
  if (task.timestamp !== undefined) {
    const zones = new Set(options.sources.map((source) => source.timezone));
    refuseMixedZones(task, typeOf.get(task.timestamp.column) ?? "", zones);
    expressions.set(task.timestamp.column, await momentOf(task.timestamp, options.leading));
  }
  const known = new Map<SourceTask, string>();
  for (const source of knowing) {
    const column = source.knownAt ?? "";
    known.set(source, column === time ? quote(time) : await momentOf({ column }, source));
  }
  const validity = time === undefined || knowing.length === 0
    ? undefined
    : validitySql(quote(time), knowing, (source) => known.get(source) ?? "");
  const leading = [...task.keys, ...(time === undefined ? [] : [time])];
  const names = [...leading, ...columns.map((c) => c.name).filter((name) => !leading.includes(name))];
  const list = names.map((name) => `${expressions.get(name) ?? quote(name)} AS ${quote(name)}`).join(", ");
  await connection.run(
    `CREATE VIEW ${quote(options.name + "_all")} AS SELECT ${list} FROM ${options.transformed}`,
  );
  const all: Checked = {
    feature: task.feature,
    from: quote(options.name + "_all"),
    columns: await columnsOfRelation(connection, quote(options.name + "_all")),
    keys: task.keys,
    time,
    now: task.now,
  };
  const scan = await planScan(connection, task.inputChecks, all);
  const keyed = task.keys.map((key) => `${quote(key)} IS NOT NULL`).join(" AND ");
  const timed = time === undefined ? "true" : `${quote(time)} IS NOT NULL`;
  const { known: isKnown, identified } = validity ?? { known: "true", identified: "true" };
  // What was never known tells nothing of how far the data reach.
  const newest = time === undefined
    ? "NULL"
    : `epoch_us(max(${validity?.since ?? quote(time)}) FILTER (${isKnown}))`;
  // The input's checks are asked in the same pass.
  const aggregates = [
    `count(*) FILTER (${keyed} AND ${timed} AND ${isKnown} AND ${identified})`,
    `count(*) FILTER (NOT (${keyed}))`,
    `count(*) FILTER (${keyed} AND NOT ${timed})`,
    `count(*) FILTER (${keyed} AND ${timed} AND NOT (${isKnown}))`,
    `count(*) FILTER (${keyed} AND ${timed} AND ${isKnown} AND NOT (${identified}))`,
    newest,
    ...scan.aggregates,
  ];
  const facts = await connection.runAndReadAll(
    `SELECT ${aggregates.join(", ")} FROM (SELECT ${["*", ...scan.flags].join(", ")} FROM ${all.from})`,
  );
  const [count, nullKey, nullTime, nullKnown, nullId, last, ...found] = facts.getRows()[0] ?? [];
  const stay = [keyed, timed, isKnown, identified].filter((condition) => condition !== "true").join(" AND ");
  await connection.run(`CREATE ${rowsThatCount(quote(options.name), all.from, { stay, validity })}`);
  return {
    name: quote(options.name),
    columns: [...all.columns],
    validity: validity === undefined ? undefined : {
      since: VALIDITY.since,
      ...(validity.until === undefined ? {} : { until: VALIDITY.until }),
    },
    count: Number(count),
    dropped: {
      null_key: Number(nullKey),
      null_time: Number(nullTime),
      ...(validity === undefined ? {} : { null_known_at: Number(nullKnown) }),
      ...(validity?.until === undefined ? {} : { null_row_id: Number(nullId) }),
    },
    newest: last === null || last === undefined ? undefined : BigInt(String(last)),
    all,
    findings: scan.read(found),
  };
}

function requireColumns(
  task: FeatureTask,
  columns: readonly Column[],
  knowing: readonly SourceTask[],
): void {
  const names = columns.map((c) => c.name);
  const need = (name: string, what: string, hint = suggestName(name, names)) => {
    if (names.includes(name)) return;
    throw new MlforgeError("usage", `Feature "${task.feature}" has no column "${name}", its ${what}`, {
      place: task.place,
      hint,
    });
  };
  requireOnce(task, names);
  for (const { key, columns: parts } of task.surrogates) {
    for (const part of parts) need(part, `part of the key "${key}"`);
    if (names.includes(key)) {
      throw new MlforgeError(
        "usage",
        `Feature "${task.feature}" has a column "${key}", which is to be made`,
        {
          place: task.place,
          hint: "Rename the column, or give the entity's join key another name.",
        },
      );
    }
  }
  const made = new Set(task.surrogates.map((s) => s.key));
  for (const key of task.keys) {
    if (made.has(key)) continue;
    need(key, "key");
    const type = columns.find((c) => c.name === key)?.type ?? "";
    if (/^(FLOAT|DOUBLE)$|\[|^(STRUCT|MAP|UNION|BLOB|BIT|INTERVAL)/.test(type)) {
      throw new MlforgeError("usage", `Key "${key}" of feature "${task.feature}" is of type ${type}`, {
        place: task.place,
        hint:
          "Cast it to an integer, a decimal or text in the feature's SQL: such values have no dependable equality.",
      });
    }
  }
  if (task.timestamp !== undefined) need(task.timestamp.column, "timestamp");
  for (const metric of task.metrics) if (metric.input !== "*") need(metric.input, "metric's input");
  for (const { name, knownAt, rowId } of knowing) {
    const hint = `Let its SQL carry the column: without it, rows would count before they were known.`;
    if (knownAt !== undefined) need(knownAt, `known_at (of source "${name}")`, hint);
    if (rowId !== undefined) need(rowId, `row_id (of source "${name}")`, hint);
  }
}

/** Refuses two columns of one name; to most readers of the data `a` and `A` are one. */
export function requireOnce(task: FeatureTask, names: readonly string[]): void {
  const repeated = names.find((name, i) =>
    names.findIndex((n) => n.toLowerCase() === name.toLowerCase()) !== i
  );
  if (repeated !== undefined) {
    throw new MlforgeError("usage", `Feature "${task.feature}" has two columns "${repeated}"`, {
      place: task.place,
      hint: "Name each column once, with AS, or leave one out with EXCLUDE.",
    });
  }
}

/** A naive time out of several sources in different zones could mean any of them. */
function refuseMixedZones(task: FeatureTask, type: string, zones: ReadonlySet<string | undefined>): void {
  if (zones.size <= 1 || type === "TIMESTAMP WITH TIME ZONE") return;
  throw new MlforgeError("usage", `Sources of feature "${task.feature}" are in different time zones`, {
    place: task.place,
    hint: `Say which in SQL: timezone('Europe/Berlin', ${task.timestamp?.column}) gives an instant.`,
  });
}
