import type { DuckDBConnection, DuckDBListValue, DuckDBStructValue, DuckDBValue } from "@duckdb/node-api";
import { MlforgeError } from "../../error.ts";
import { withDatabase } from "./database.ts";
import { engineError } from "./errors.ts";
import { usualMemory } from "./memory.ts";
import { columnsOf, literal, quote } from "./types.ts";

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
  /** The first of the rows that were added, removed and changed, by what tells rows apart. */
  examples: RowExamples;
}

/** Rows that differ, as text: of a changed row the old values, then the new ones. */
export interface RowExamples {
  columns: string[];
  rows: { side: "a" | "b"; values: (string | null)[] }[];
}

/** How many of each kind. */
const EXAMPLES = 3;

export interface DiffRowsOptions {
  /** What tells a row: keys and stamp. */
  identity: readonly string[];
  /** Columns whose values may be shown. */
  shown: readonly string[];
}

/** Compares two data files row by row in DuckDB, which streams them and spills what does not fit. */
export async function diffRows(a: string, b: string, options: DiffRowsOptions): Promise<RowsDiff> {
  const { identity } = options;
  const folder = await Deno.makeTempDir({ prefix: "mlforge-" });
  try {
    return await withDatabase({ memory: usualMemory(), folder }, async (connection) => {
      const [inA, inB] = [await columnsIn(connection, a), await columnsIn(connection, b)];
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
        ? await byIdentity(connection, { a, b, both, ...options })
        : await byRow(connection, { a, b, both, ...options });
    });
  } catch (cause) {
    throw cause instanceof MlforgeError ? cause : engineError(cause, "compare the rows of two versions");
  } finally {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

/** Name -> type. */
async function columnsIn(connection: DuckDBConnection, file: string): Promise<Map<string, string>> {
  const result = await connection.run(`SELECT * FROM read_parquet(${literal(file)}) LIMIT 0`);
  return new Map(columnsOf(result).map(({ name, type }) => [name, type]));
}

async function isUnique(
  connection: DuckDBConnection,
  file: string,
  identity: readonly string[],
): Promise<boolean> {
  if (identity.length === 0) return false;
  const columns = identity.map(quote).join(", ");
  const reader = await connection.runAndReadAll(
    `SELECT 1 FROM read_parquet(${literal(file)}) GROUP BY ${columns} HAVING count(*) > 1 LIMIT 1`,
  );
  return reader.getRows().length === 0;
}

interface Compared extends DiffRowsOptions {
  a: string;
  b: string;
  /** Columns that both have, besides the identity. */
  both: readonly string[];
}

async function byIdentity(
  connection: DuckDBConnection,
  { a, b, identity, both, shown }: Compared,
): Promise<RowsDiff> {
  const side = (file: string) => `(SELECT *, true AS "here?" FROM read_parquet(${literal(file)}))`;
  const matched = `a."here?" AND b."here?"`;
  const differs = both.map((name) => `a.${quote(name)} IS DISTINCT FROM b.${quote(name)}`);
  const any = differs.length === 0 ? "false" : `(${differs.join(" OR ")})`;
  const kinds = [`a."here?" IS NULL`, `b."here?" IS NULL`, `${matched} AND ${any}`];
  const visible = [...identity, ...both].filter((name) => shown.includes(name));
  const values = (of: string) => visible.map((name) => `CAST(${of}.${quote(name)} AS VARCHAR)`).join(", ");
  const place = identity.map((name, at) => `k${at}: coalesce(a.${quote(name)}, b.${quote(name)})`).join(", ");
  // One pass for all: the least structs of their kind, which are compared from their first field on.
  const firsts = kinds.map((kind) =>
    `min({${place}, a: [${values("a")}], b: [${values("b")}]}, ${EXAMPLES}) FILTER (WHERE ${kind})`
  );
  const reader = await connection.runAndReadAll(
    `SELECT ${
      [`a."here?"`, `b."here?"`, ...kinds, ...differs.map((differ) => `${matched} AND ${differ}`)]
        .map((condition) => `count(*) FILTER (WHERE ${condition})`).concat(firsts).join(", ")
    } FROM ${side(a)} a FULL JOIN ${side(b)} b ON ${
      identity.map((name) => `a.${quote(name)} = b.${quote(name)}`).join(" AND ")
    }`,
  );
  const row = reader.getRows()[0] ?? [];
  const [inA = 0, inB = 0, added = 0, removed = 0, changed = 0, ...each] = row.slice(0, 5 + both.length)
    .map(Number);
  const columns = Object.fromEntries(
    both.map((name, at) => [name, each[at] ?? 0] as const).filter(([, count]) => count > 0),
  );
  const [more = [], less = [], other = []] = row.slice(5 + both.length).map(structs);
  const all: RowExamples = {
    columns: visible,
    rows: [
      ...less.map((entry) => ({ side: "a" as const, values: texts(entry.a) })),
      ...more.map((entry) => ({ side: "b" as const, values: texts(entry.b) })),
      ...other.flatMap(({ a, b }) => [
        { side: "a" as const, values: texts(a) },
        { side: "b" as const, values: texts(b) },
      ]),
    ],
  };
  // Beside keys and stamp, the columns that changed are what there is to see.
  const examples = changed === 0
    ? all
    : onlyColumns(all, (name) => identity.includes(name) || name in columns);
  return { by: [...identity], a: inA, b: inB, added, removed, changed, columns, examples };
}

/** Where several rows have one identity, a row is only the same or not. */
async function byRow(
  connection: DuckDBConnection,
  { a, b, identity, both, shown }: Compared,
): Promise<RowsDiff> {
  const columns = [...identity, ...both];
  const visible = columns.filter((name) => shown.includes(name));
  const rows = (file: string) =>
    `SELECT ${columns.map(quote).join(", ")} FROM read_parquet(${literal(file)})`;
  const place = columns.map((name, at) => `k${at}: ${quote(name)}`).join(", ");
  const values = visible.map((name) => `CAST(${quote(name)} AS VARCHAR)`).join(", ");
  const only = (file: string, other: string) =>
    `SELECT count(*), min({${place}, values: [${values}]}, ${EXAMPLES}) FROM (${rows(file)} EXCEPT ALL ${
      rows(other)
    })`;
  const reader = await connection.runAndReadAll(
    `SELECT (SELECT count(*) FROM (${rows(a)})), (SELECT count(*) FROM (${rows(b)})), *
      FROM (${only(b, a)}) more(added, more), (${only(a, b)}) less(removed, less)`,
  );
  const [inA, inB, added, more = null, removed, less = null] = reader.getRows()[0] ?? [];
  const examples: RowExamples = {
    columns: visible,
    rows: [
      ...structs(less).map(({ values }) => ({ side: "a" as const, values: texts(values) })),
      ...structs(more).map(({ values }) => ({ side: "b" as const, values: texts(values) })),
    ],
  };
  return {
    by: [],
    a: Number(inA),
    b: Number(inB),
    added: Number(added),
    removed: Number(removed),
    changed: 0,
    columns: {},
    examples,
  };
}

function structs(list: DuckDBValue): Record<string, DuckDBValue>[] {
  return ((list as DuckDBListValue | null)?.items ?? []).map((item) => (item as DuckDBStructValue).entries);
}

function texts(list: DuckDBValue | undefined): (string | null)[] {
  return (list as DuckDBListValue).items as (string | null)[];
}

function onlyColumns({ columns, rows }: RowExamples, keep: (name: string) => boolean): RowExamples {
  const kept = columns.map(keep);
  return {
    columns: columns.filter((_, at) => kept[at]),
    rows: rows.map(({ side, values }) => ({ side, values: values.filter((_, at) => kept[at]) })),
  };
}
