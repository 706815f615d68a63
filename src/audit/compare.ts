import type { DuckDBConnection } from "@duckdb/node-api";
import { columnsOf, storableValue } from "../engines/duckdb/types.ts";
import type { Leak } from "./leaks.ts";
import type { Raw } from "./raw.ts";
import type { ColumnAudit, Difference, Key } from "./report.ts";
import { applyTheory, type Asked, type Theory } from "./theory.ts";

/** So many values that differ are shown of each column. */
export const EXAMPLES = 3;

export interface Theories {
  right: Theory;
  /** What else the values may come from, the likelier first. */
  wrong: readonly [Leak, Theory][];
}

const RIGHT = "_mlforge_audit_right";

/** Recomputes what is asked, and tells where it differs and what it looks like there. `withRow`: `n` is a row of a file. */
export async function compare(
  connection: DuckDBConnection,
  raw: Raw,
  { asked, theories, withRow }: { asked: Asked; theories: Theories; withRow: boolean },
): Promise<ColumnAudit[]> {
  if (asked.columns.length === 0) return [];
  await applyTheory(connection, raw, { asked, theory: theories.right, to: RIGHT });
  const types = columnsOf(await connection.run(`SELECT * FROM ${RIGHT} LIMIT 0`));
  const same = (i: number, table: string) => sameSql(asked, i, { table, types });
  const counts = await connection.runAndReadAll(
    `SELECT ${
      ["count(*)", ...asked.columns.map((_, i) => `count(*) FILTER (NOT ${same(i, "t")})`)].join(", ")
    }
     FROM ${asked.table} a JOIN ${RIGHT} t USING (n)`,
  );
  const [sampled = 0, ...differing] = (counts.getRows()[0] ?? []).map(Number);
  const looks = differing.some((count) => count > 0)
    ? await explain(connection, raw, { asked, theories, differing, same })
    : [];
  const columns: ColumnAudit[] = [];
  for (const [i, { shown }] of asked.columns.entries()) {
    const count = differing[i] ?? 0;
    const look = looks[i];
    columns.push({
      column: shown,
      sampled,
      equal: sampled - count,
      differing: count,
      ...(look === undefined ? {} : { looks_like: look.leak }),
      examples: count === 0 ? [] : await examples(connection, raw, { asked, column: i, same, look, withRow }),
    });
  }
  return columns;
}

interface Look {
  leak: Leak;
  /** So many of all values are what it gives. */
  fitting: number;
  /** SQL name of what it gives. */
  table: string;
}

type Same = (column: number, table: string) => string;

/** For each column, of the theories that give at least half of the values that differ, the one that gives most of all. */
async function explain(
  connection: DuckDBConnection,
  raw: Raw,
  { asked, theories, differing, same }: {
    asked: Asked;
    theories: Theories;
    differing: readonly number[];
    same: Same;
  },
): Promise<(Look | undefined)[]> {
  const best: (Look | undefined)[] = asked.columns.map(() => undefined);
  for (const [leak, theory] of theories.wrong) {
    const table = `_mlforge_audit_${leak}`;
    await applyTheory(connection, raw, { asked, theory, to: table });
    const counts = await connection.runAndReadAll(
      `SELECT ${
        asked.columns.flatMap((_, i) => [
          `count(*) FILTER (NOT ${same(i, "t")} AND ${same(i, "w")})`,
          `count(*) FILTER (${same(i, "w")})`,
        ]).join(", ")
      } FROM ${asked.table} a JOIN ${RIGHT} t USING (n) JOIN ${table} w USING (n)`,
    );
    const numbers = (counts.getRows()[0] ?? []).map(Number);
    for (const i of asked.columns.keys()) {
      const [explained = 0, fitting = 0] = numbers.slice(2 * i);
      const enough = explained > 0 && explained * 2 >= (differing[i] ?? 0);
      if (enough && fitting > (best[i]?.fitting ?? 0)) best[i] = { leak, fitting, table };
    }
  }
  return best;
}

async function examples(
  connection: DuckDBConnection,
  { task }: Raw,
  { asked, column, same, look, withRow }: {
    asked: Asked;
    column: number;
    same: Same;
    look: Look | undefined;
    withRow: boolean;
  },
): Promise<Difference[]> {
  const hidden = new Set(task.hidden);
  const input = task.metrics.find(({ name }) => name === asked.columns[column]?.name)?.input;
  const secret = hidden.has(asked.columns[column]?.name ?? "") || hidden.has(input ?? "");
  const text = (sql: string, hide: boolean) => hide ? `'(hidden)'` : `CAST(${sql} AS VARCHAR)`;
  const list = [
    "a.n",
    text("a.moment", false),
    text(`a.p${column}`, secret),
    text(`t.r${column}`, secret),
    look === undefined ? "false" : same(column, "w"),
    ...task.keys.map((key, i) => text(`a.k${i}`, hidden.has(key))),
  ];
  const reader = await connection.runAndReadAll(
    `SELECT ${list.join(", ")} FROM ${asked.table} a JOIN ${RIGHT} t USING (n) ${
      look === undefined ? "" : `JOIN ${look.table} w USING (n)`
    } WHERE NOT ${same(column, "t")} ORDER BY a.n LIMIT ${EXAMPLES}`,
  );
  return reader.getRows().map(([n, at, published, recomputed, explained, ...keys]): Difference => ({
    key: keyOf(task.keys, keys),
    at: textOf(at),
    ...(withRow ? { row: Number(n) } : {}),
    published: textOf(published),
    recomputed: textOf(recomputed),
    ...(explained === true && look !== undefined ? { looks_like: look.leak } : {}),
  }));
}

export function keyOf(names: readonly string[], values: readonly unknown[]): Key {
  return Object.fromEntries(names.map((name, i) => [name, textOf(values[i])]));
}

export function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

/**
 * Whether the audited value is the one that `table` gives. Floats may differ by what the order of additions can make: by
 * 1e-9 of the value, or by 1e-12 of all that was added up, signs aside.
 */
function sameSql(
  { columns }: Asked,
  i: number,
  { table, types }: { table: string; types: readonly { name: string; type: string }[] },
): string {
  const own = types.find(({ name }) => name === `r${i}`)?.type ?? "VARCHAR";
  const asked = columns[i]?.type;
  const given = storableValue({ name: `r${i}`, type: own }, table);
  const p = asked === undefined ? `TRY_CAST(a.p${i} AS ${own})` : `a.p${i}`;
  const r = asked === undefined || asked === own ? given : `TRY_CAST(${given} AS ${asked})`;
  const float = /^(FLOAT|DOUBLE)$/.test(asked ?? own);
  const equal = `${p} IS NOT DISTINCT FROM ${r}`;
  if (!float) return `(${equal})`;
  const close = `isfinite(${p}) AND isfinite(${r}) AND
    abs(${p} - ${r}) <= 1e-9 * greatest(abs(${p}), abs(${r})) + 1e-12 * ${table}.s${i}`;
  return `(${equal} OR coalesce(${close}, false))`;
}
