import assert from "node:assert/strict";
import { AGGREGATIONS } from "../../../src/definitions/model.ts";
import { columnsOf } from "../../../src/engines/duckdb/types.ts";
import type { MetricTask } from "../../../src/engines/task.ts";
import type { ValueType } from "./events.ts";
import type { Event, Expected, ExpectedRow, Value } from "./oracle.ts";
import { readable, type workbench } from "./workbench.ts";

export const KEYS = ["k0", "k1"];

/** A row of the table `events`: its columns are id (from 0), k0, k1, t, v0, v1, ... */
export interface EventRow {
  keys: [string | null, bigint];
  time: bigint | null;
  values: (Value["exact"] | null)[];
}

type Bench = Awaited<ReturnType<typeof workbench>>;

/** What a type can be asked; for some, only what partial aggregates give as well. */
export function askable(type: ValueType, few: boolean) {
  return AGGREGATIONS.filter((a) =>
    (type.number || !["sum", "mean", "std", "median"].includes(a)) &&
    (!few || ["count", "sum", "mean", "min", "max"].includes(a))
  );
}

/** SQL of a text or a moment. */
export const textSql = (text: string | null) => text === null ? "NULL" : `'${text.replaceAll("'", "''")}'`;
export const momentSql = (moment: bigint | null) => moment === null ? "NULL" : `make_timestamp(${moment})`;

/**
 * Makes the table `events`, and gives its rows with key and time as the oracle takes them, in order. `also` adds columns at
 * the end.
 */
export async function fillTable<Row extends EventRow>(
  bench: Bench,
  types: readonly ValueType[],
  rows: readonly Row[],
  also: { columns: string[]; of(row: Row): string[] } = { columns: [], of: () => [] },
): Promise<Event[]> {
  const columns = [...types.map((type, i) => `v${i} ${type.sql}`), ...also.columns];
  await bench.run(
    `CREATE OR REPLACE TABLE events (id BIGINT, k0 VARCHAR, k1 BIGINT, t TIMESTAMP, ${columns})`,
  );
  for (const [id, row] of rows.entries()) {
    const list = row.values.map((value, i) => {
      const type = types[i]!;
      return value === null ? "NULL" : `CAST(${type.literal(value)} AS ${type.sql})`;
    });
    const [k0, k1] = row.keys;
    await bench.run(
      `INSERT INTO events VALUES (${[id, textSql(k0), k1, momentSql(row.time), ...list, ...also.of(row)]})`,
    );
  }
  const texts = await bench.rows(
    `SELECT ${["id", ...types.map((_, i) => `CAST(v${i} AS VARCHAR)`)]} FROM events ORDER BY id`,
  );
  return rows.map(({ keys, time, values }, id) => ({
    key: JSON.stringify([keys[0], String(keys[1])]),
    time: time ?? 0n,
    values: Object.fromEntries(
      values.map((
        exact,
        i,
      ) => [`v${i}`, exact === null ? null : { exact, text: String(texts[id]?.[i + 1]) }]),
    ),
  }));
}

/** Compares rows of keys, stamp and metrics with what is expected; they come in the order of keys and stamp. */
export async function compareRows(
  bench: Bench,
  { from, count }: { from: string; count: number },
  expected: readonly ExpectedRow[],
  metrics: readonly MetricTask[],
): Promise<void> {
  const given = columnsOf(await bench.run(`SELECT * FROM ${from} LIMIT 0`));
  const rows = await bench.rows(`SELECT k0, k1, epoch_us(t), ${readable(given.slice(3))} FROM ${from}`);
  assert.equal(rows.length, count);
  const inOrder = await bench.rows(`SELECT k0, k1, epoch_us(t) FROM ${from} ORDER BY k0, k1, t`);
  assert.deepEqual(
    rows.map((row) => row.slice(0, 3)),
    inOrder,
    "rows are in the order of keys and stamp",
  );
  const wanted = new Map(expected.map((row) => [`${row.key} ${row.stamp}`, row]));
  assert.equal(rows.length, wanted.size, "number of rows");
  for (const [k0, k1, stamp, ...values] of rows) {
    const name = `${JSON.stringify([k0, String(k1)])} ${stamp}`;
    const row = wanted.get(name);
    assert.ok(row, `no row was expected for ${name}`);
    row.metrics.forEach((value, i) => compare(value, values[i], `${metrics[i]?.name} at ${name}`));
  }
}

function compare(expected: Expected, actual: unknown, name: string): void {
  if (expected === null || typeof expected === "string") {
    const text = typeof actual === "number" ? Number(expected) : expected;
    // An empty sum has no scale in the oracle.
    if (typeof actual === "string" && /^-?[0.]+$/.test(actual) && /^-?[0.]+$/.test(expected ?? "")) return;
    assert.equal(actual, text, name);
    return;
  }
  assert.equal(typeof actual, "number", name);
  const off = Math.abs(Number(actual) - expected.about);
  assert.ok(
    off <= expected.within,
    `${name}: ${actual} is not within ${expected.within} of ${expected.about}`,
  );
}
