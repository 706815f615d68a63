import type { DuckDBConnection } from "@duckdb/node-api";
import { MlforgeError } from "../../error.ts";
import { suggestName } from "../../nearest.ts";
import type { FeatureTask, SourceTask } from "../task.ts";
import type { Checked } from "./checks/probe.ts";
import { type Finding, planScan } from "./checks/scan.ts";
import { surrogateExpression } from "./surrogate.ts";
import { timeExpression } from "./timestamp.ts";
import { type Column, columnsOf, quote } from "./types.ts";

/** What a transform gave, with keys made, times in UTC and rows without key or time left out. */
export interface Rows {
  /** SQL name of a view. */
  name: string;
  /** Keys, then the time (if any), then all others in the transform's order. */
  columns: Column[];
  /** Rows that stay. */
  count: number;
  dropped: { null_key: number; null_time: number };
  /** Newest time among all rows, microseconds since 1970 in UTC; undefined where there is none. */
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
    source: SourceTask;
    zones: ReadonlySet<string | undefined>;
    /** There are no rows to find a text column's format from. */
    empty: boolean;
  },
): Promise<Rows> {
  const columns = await columnsOfRelation(connection, options.transformed);
  requireColumns(task, columns);
  const typeOf = new Map(columns.map((c) => [c.name, c.type]));
  const expressions = new Map<string, string>();
  for (const { key, columns: parts } of task.surrogates) {
    expressions.set(
      key,
      surrogateExpression(parts.map((name) => ({ name, type: typeOf.get(name) ?? "VARCHAR" }))),
    );
  }
  const time = task.timestamp?.column;
  if (task.timestamp !== undefined) {
    refuseMixedZones(task, typeOf.get(task.timestamp.column) ?? "", options.zones);
    const guess = options.empty && typeOf.get(task.timestamp.column) === "VARCHAR";
    expressions.set(
      task.timestamp.column,
      guess ? "CAST(NULL AS TIMESTAMP)" : await timeExpression(connection, {
        relation: options.transformed,
        column: task.timestamp.column,
        feature: task.feature,
        place: task.place,
        ...(task.timestamp.format === undefined ? {} : { format: task.timestamp.format }),
        ...(options.source.timezone === undefined ? {} : { timezone: options.source.timezone }),
        ...(options.source.fold === undefined ? {} : { fold: options.source.fold }),
      }),
    );
  }
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
  const newest = time === undefined ? "NULL" : `epoch_us(max(${quote(time)}))`;
  // The input's checks are asked in the same pass.
  const aggregates = [
    `count(*) FILTER (${keyed} AND ${timed})`,
    `count(*) FILTER (NOT (${keyed}))`,
    `count(*) FILTER (${keyed} AND NOT ${timed})`,
    newest,
    ...scan.aggregates,
  ];
  const facts = await connection.runAndReadAll(
    `SELECT ${aggregates.join(", ")} FROM (SELECT ${["*", ...scan.flags].join(", ")} FROM ${all.from})`,
  );
  const [count, nullKey, nullTime, last, ...found] = facts.getRows()[0] ?? [];
  await connection.run(
    `CREATE VIEW ${quote(options.name)} AS SELECT * FROM ${
      quote(options.name + "_all")
    } WHERE ${keyed} AND ${timed}`,
  );
  return {
    name: quote(options.name),
    columns: await columnsOfRelation(connection, quote(options.name)),
    count: Number(count),
    dropped: { null_key: Number(nullKey), null_time: Number(nullTime) },
    newest: last === null || last === undefined ? undefined : BigInt(String(last)),
    all,
    findings: scan.read(found),
  };
}

function requireColumns(task: FeatureTask, columns: readonly Column[]): void {
  const names = columns.map((c) => c.name);
  const need = (name: string, what: string) => {
    if (names.includes(name)) return;
    throw new MlforgeError("usage", `Feature "${task.feature}" has no column "${name}", its ${what}`, {
      place: task.place,
      hint: suggestName(name, names),
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
