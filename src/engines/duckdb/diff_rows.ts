import type { DuckDBConnection } from "@duckdb/node-api";
import { MlforgeError } from "../../error.ts";
import { engineError } from "./errors.ts";
import { literal, quote } from "./types.ts";

/** How the rows of two data files differ. */
export interface RowsDiff {
  /** Rows are told apart by these columns; empty where they are not unique, and whole rows are compared. */
  by: string[];
  a: number;
  b: number;
  added: number;
  removed: number;
  /** Of the rows that both have, those whose values differ in a column that both have. */
  changed: number;
  /** Changed values by column, only those above zero. */
  columns: Record<string, number>;
}

/**
 * Compares two data files row by row in DuckDB, which streams them and spills what does not fit. `identity` are the
 * columns that tell a row: keys and stamp.
 */
export async function diffRows(a: string, b: string, identity: readonly string[]): Promise<RowsDiff> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const spill = await Deno.makeTempDir({ prefix: "mlforge-" });
  const instance = await DuckDBInstance.create(":memory:", {
    temp_directory: spill,
    memory_limit: `${Math.floor(Deno.systemMemoryInfo().total * 0.8 / 1e6)}MB`,
  });
  const connection = await instance.connect();
  try {
    const [inA, inB] = [await columnsOf(connection, a), await columnsOf(connection, b)];
    const lacking = identity.find((name) => inA.get(name) === undefined || inA.get(name) !== inB.get(name));
    if (lacking !== undefined) {
      throw new MlforgeError(
        "usage",
        `Rows can't be compared by "${lacking}", which is not the same in both`,
        {
          hint: "A key or timestamp went, or has another type: there is no telling which row is which.",
        },
      );
    }
    const both = [...inA.keys()].filter((name) => inB.has(name) && !identity.includes(name));
    const unique = await isUnique(connection, a, identity) && await isUnique(connection, b, identity);
    return unique
      ? await byIdentity(connection, { a, b, identity, both })
      : await byRow(connection, { a, b, columns: [...identity, ...both] });
  } catch (cause) {
    throw cause instanceof MlforgeError ? cause : engineError(cause, "compare the rows of two versions");
  } finally {
    connection.closeSync();
    instance.closeSync();
    await Deno.remove(spill, { recursive: true }).catch(() => {});
  }
}

/** Name -> type. */
async function columnsOf(connection: DuckDBConnection, file: string): Promise<Map<string, string>> {
  const result = await connection.run(`SELECT * FROM read_parquet(${literal(file)}) LIMIT 0`);
  const types = result.columnTypes();
  return new Map(result.columnNames().map((name, at) => [name, String(types[at])]));
}

async function counts(connection: DuckDBConnection, sql: string): Promise<number[]> {
  return (await connection.runAndReadAll(sql)).getRows()[0]?.map(Number) ?? [];
}

async function isUnique(
  connection: DuckDBConnection,
  file: string,
  identity: readonly string[],
): Promise<boolean> {
  if (identity.length === 0) return false;
  const columns = identity.map(quote).join(", ");
  const [twice] = await counts(
    connection,
    `SELECT count(*) FROM (SELECT 1 FROM read_parquet(${
      literal(file)
    }) GROUP BY ${columns} HAVING count(*) > 1 LIMIT 1)`,
  );
  return twice === 0;
}

async function byIdentity(
  connection: DuckDBConnection,
  { a, b, identity, both }: { a: string; b: string; identity: readonly string[]; both: readonly string[] },
): Promise<RowsDiff> {
  const side = (file: string) => `(SELECT *, true AS "here?" FROM read_parquet(${literal(file)}))`;
  const matched = `a."here?" AND b."here?"`;
  const differs = both.map((name) => `a.${quote(name)} IS DISTINCT FROM b.${quote(name)}`);
  const any = differs.length === 0 ? "false" : `(${differs.join(" OR ")})`;
  const [inA = 0, inB = 0, added = 0, removed = 0, changed = 0, ...each] = await counts(
    connection,
    `SELECT ${
      [`a."here?"`, `b."here?"`, `a."here?" IS NULL`, `b."here?" IS NULL`, `${matched} AND ${any}`]
        .concat(differs.map((differ) => `${matched} AND ${differ}`))
        .map((condition) => `count(*) FILTER (WHERE ${condition})`).join(", ")
    } FROM ${side(a)} a FULL JOIN ${side(b)} b ON ${
      identity.map((name) => `a.${quote(name)} = b.${quote(name)}`).join(" AND ")
    }`,
  );
  const columns = Object.fromEntries(
    both.map((name, at) => [name, each[at] ?? 0] as const).filter(([, count]) => count > 0),
  );
  return { by: [...identity], a: inA, b: inB, added, removed, changed, columns };
}

/** Where several rows have one identity, a row is only the same or not. */
async function byRow(
  connection: DuckDBConnection,
  { a, b, columns }: { a: string; b: string; columns: readonly string[] },
): Promise<RowsDiff> {
  const rows = (file: string) =>
    `SELECT ${columns.map(quote).join(", ")} FROM read_parquet(${literal(file)})`;
  const [inA = 0, inB = 0, added = 0, removed = 0] = await counts(
    connection,
    `SELECT (SELECT count(*) FROM (${rows(a)})), (SELECT count(*) FROM (${rows(b)})),
      (SELECT count(*) FROM (${rows(b)} EXCEPT ALL ${rows(a)})),
      (SELECT count(*) FROM (${rows(a)} EXCEPT ALL ${rows(b)}))`,
  );
  return { by: [], a: inA, b: inB, added, removed, changed: 0, columns: {} };
}
