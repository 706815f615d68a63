import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { parseDuration } from "../definitions/duration.ts";
import { literal, quote } from "../engines/duckdb/types.ts";
import { MlforgeError } from "../error.ts";
import { suggestName } from "../nearest.ts";
import type { Meta, MetaColumn } from "../publish/meta.ts";

export interface LookUpRequest {
  /** Absolute path of the version's data. */
  file: string;
  meta: Meta;
  /** Key column and value as text, read as the column's type. */
  keys: readonly [string, string][];
  /** A time as text, UTC unless it says otherwise. */
  at?: string;
  limit: number;
}

/** Values as JSON has them: whole numbers beyond 2^53, decimals, times and nested values are texts. */
export interface LookedUp {
  columns: MetaColumn[];
  rows: (string | number | boolean | null)[][];
}

/** Rows of one version's data in its order; with `at`, the newest row of each key that was known then. */
export async function lookUp({ file, meta, keys, at, limit }: LookUpRequest): Promise<LookedUp> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    await connection.run(`CREATE VIEW data AS SELECT * FROM read_parquet(${literal(file)})`);
    const twice = keys.find(([column], at) => keys.findIndex(([other]) => other === column) < at)?.[0];
    if (twice !== undefined) throw new MlforgeError("usage", `Key "${twice}" is given more than once`);
    const conditions = [];
    for (const [column, value] of keys) conditions.push(await keyCondition(connection, meta, column, value));
    let newest = "";
    if (at !== undefined) {
      const stamp = stampColumn(meta);
      conditions.push(await timeCondition(connection, meta, at));
      const by = meta.keys.map(quote).join(", ");
      newest = `QUALIFY row_number() OVER (PARTITION BY ${by} ORDER BY ${quote(stamp)} DESC) = 1`;
    }
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    // The file is sorted by keys, stamp, then all columns; only the window function loses that order.
    const order = at === undefined ? "" : `ORDER BY ${meta.keys.map(quote).join(", ")}`;
    const reader = await connection.runAndReadAll(
      `SELECT * FROM data ${where} ${newest} ${order} LIMIT ${limit}`,
    );
    const types = new Map(meta.columns.map(({ name, dtype }) => [name, dtype]));
    return {
      columns: reader.columnNames().map((name) => ({ name, dtype: types.get(name) ?? "" })),
      rows: reader.getRows().map((row) => row.map(plain)),
    };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function keyCondition(
  connection: DuckDBConnection,
  meta: Meta,
  column: string,
  value: string,
): Promise<string> {
  if (!meta.keys.includes(column)) {
    throw new MlforgeError("usage", `"${column}" is not a key of "${meta.name}"`, {
      hint: suggestName(column, meta.keys),
    });
  }
  const described = await connection.runAndReadAll(`SELECT typeof(${quote(column)}) FROM data LIMIT 1`);
  const type = String(described.getRows()[0]?.[0] ?? "VARCHAR");
  const cast = type === "TIMESTAMP" ? momentOf(value) : `TRY_CAST(${literal(value)} AS ${type})`;
  // A cast rounds 1.4 to 1, which is another key.
  const exact = /INT|DECIMAL/.test(type) ? `${cast}::DOUBLE = TRY_CAST(${literal(value)} AS DOUBLE)` : "true";
  const right = (await connection.runAndReadAll(`SELECT ${cast} IS NOT NULL AND ${exact}`)).getRows()[0]?.[0];
  if (right !== true) {
    throw new MlforgeError("usage", `"${value}" is not a value of key "${column}", which is ${type}`);
  }
  return `${quote(column)} = ${cast}`;
}

/** A time in UTC, which its offset says or is taken as; NULL where it is none. */
function momentOf(text: string): string {
  return `CAST(TRY_CAST(${literal(text)} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TIMESTAMP)`;
}

function stampColumn(meta: Meta): string {
  if (meta.timestamp !== null && meta.mlforge.stamp !== "none") return meta.timestamp;
  throw new MlforgeError("usage", `"${meta.name}" has no time, so --at can't be used`, {
    hint: "Its definition has no timestamp: each key has one row.",
  });
}

/** Events are known strictly after they happened; a bucket's end is the moment at which all of it is known. */
async function timeCondition(connection: DuckDBConnection, meta: Meta, at: string): Promise<string> {
  const moment = momentOf(at);
  const right = (await connection.runAndReadAll(`SELECT isfinite(${moment})`)).getRows()[0]?.[0];
  if (right !== true) {
    throw new MlforgeError("usage", `"${at}" is not a time`, {
      hint: "Write it as 2026-01-31 or 2026-01-31T12:00:00Z.",
    });
  }
  const stamp = quote(stampColumn(meta));
  if (meta.mlforge.stamp === "event") return `${stamp} < ${moment}`;
  if (meta.mlforge.stamp === "bucket_end" || meta.interval === null) return `${stamp} <= ${moment}`;
  // The Python mlforge stamps a bucket with its start.
  return `${stamp} + to_seconds(${parseDuration(meta.interval)?.seconds ?? 0}) <= ${moment}`;
}

function plain(value: DuckDBValue): string | number | boolean | null {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  return String(value);
}
