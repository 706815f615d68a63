import type { DuckDBConnection } from "@duckdb/node-api";
import { messageOf } from "../../engines/duckdb/errors.ts";
import { quote } from "../../engines/duckdb/types.ts";
import { MlforgeError } from "../../error.ts";
import { suggestName } from "../../nearest.ts";
import type { Look } from "../look.ts";
import type { TestCase } from "./cases.ts";
import { textRows } from "./given.ts";

/** Rows that are not as expected, in the order of keys and time: what was wanted, and what came. */
export interface Difference {
  columns: string[];
  rows: { side: "expected" | "actual"; values: (string | null)[] }[];
}

/**
 * Compares what came with all rows that are expected, by keys and time; of other columns, those that the test names.
 * Undefined where they are the same.
 */
export async function compareRows(
  connection: DuckDBConnection,
  test: TestCase,
  look: Look,
  identity: readonly string[],
): Promise<Difference | undefined> {
  const { names, from } = await textRows(connection, test.expect);
  const types = new Map(look.columns.map(({ name, type }) => [name, type]));
  requireColumns(test, names, [...types.keys()], identity);
  const columns = names.length === 0
    ? [...identity]
    : [...identity, ...names.filter((n) => !identity.includes(n))];
  const cast = columns.map((name) => `CAST(CAST(${quote(name)} AS ${types.get(name)}) AS VARCHAR)`);
  let expected: (string | null)[][] = [];
  try {
    if (names.length > 0) {
      const reader = await connection.runAndReadAll(`SELECT ${cast.join(", ")} FROM ${from}`);
      expected = reader.getRows().map((row) => row.map((value) => value === null ? null : String(value)));
    }
  } catch (cause) {
    throw new MlforgeError("usage", `Expected rows of test "${test.name}" don't fit: ${messageOf(cause)}`, {
      place: test.place,
      hint: `The feature has the columns ${
        look.columns.map(({ name, type }) => `${name} ${type}`).join(", ")
      }.`,
      cause,
    });
  }
  const at = columns.map((name) => look.columns.findIndex((column) => column.name === name));
  const actual = look.rows.map((row) => at.map((index) => row[index] ?? null));
  const fractions = columns.map((name) => /^(FLOAT|DOUBLE)$/.test(types.get(name) ?? ""));
  const same = (a: string | null, b: string | null, column: number) =>
    a === b ||
    (fractions[column] === true && a !== null && b !== null && isNear(Number(a), Number(b), test.tolerance));
  return differing(expected, actual, { columns, keys: identity.length, same });
}

function requireColumns(
  { name, place }: TestCase,
  named: readonly string[],
  there: readonly string[],
  identity: readonly string[],
): void {
  const unknown = named.find((column) => !there.includes(column));
  if (unknown !== undefined) {
    throw new MlforgeError(
      "usage",
      `Test "${name}" expects a column "${unknown}", which the feature does not have`,
      {
        place,
        hint: suggestName(unknown, there),
      },
    );
  }
  const missing = named.length === 0 ? undefined : identity.find((column) => !named.includes(column));
  if (missing !== undefined) {
    throw new MlforgeError("usage", `Expected rows of test "${name}" don't say their "${missing}"`, {
      place,
      hint: `Rows are known by ${identity.join(", ")}.`,
    });
  }
}

function isNear(a: number, b: number, tolerance: number): boolean {
  return Math.abs(a - b) <= tolerance * Math.abs(a);
}

type Texts = (string | null)[];

function differing(
  expected: readonly Texts[],
  actual: readonly Texts[],
  { columns, keys, same }: {
    columns: string[];
    keys: number;
    same(a: string | null, b: string | null, column: number): boolean;
  },
): Difference | undefined {
  const keyOf = (row: Texts) => JSON.stringify(row.slice(0, keys));
  const left = new Map<string, Texts[]>();
  for (const row of expected) left.set(keyOf(row), [...left.get(keyOf(row)) ?? [], row]);
  const rows: Difference["rows"] = [];
  for (const row of actual) {
    const wanted = left.get(keyOf(row))?.shift();
    if (wanted?.every((value, i) => same(value, row[i] ?? null, i))) continue;
    if (wanted !== undefined) rows.push({ side: "expected", values: wanted });
    rows.push({ side: "actual", values: row });
  }
  for (const row of [...left.values()].flat()) rows.push({ side: "expected", values: row });
  return rows.length === 0 ? undefined : { columns, rows };
}
