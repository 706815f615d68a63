import assert from "node:assert/strict";
import fc from "fast-check";
import { AGGREGATIONS } from "../../../src/definitions/model.ts";
import { columnsOf } from "../../../src/engines/duckdb/types.ts";
import type { MetricTask } from "../../../src/engines/task.ts";
import { times, TYPES, type ValueType } from "./events.ts";
import { bucketEnd, type Event, type Expected, expectedRows, type Value } from "./oracle.ts";
import { metrics, readable, workbench } from "./workbench.ts";

const KEYS = ["k1", "k2"];

interface Case {
  interval: number;
  types: ValueType[];
  metrics: MetricTask[];
  beyond: number;
  rows: { keys: [string, bigint]; time: bigint; values: (Value["exact"] | null)[] }[];
}

/** What a type can be asked; for some, only what partial aggregates give as well. */
function askable(type: ValueType, few: boolean) {
  return AGGREGATIONS.filter((a) =>
    (type.number || !["sum", "mean", "std", "median"].includes(a)) &&
    (!few || ["count", "sum", "mean", "min", "max"].includes(a))
  );
}

const cases: fc.Arbitrary<Case> = fc.record({
  interval: fc.constantFrom(60, 3600, 86400, 7 * 86400),
  types: fc.tuple(fc.constantFrom(...TYPES), fc.constantFrom(...TYPES)),
  few: fc.boolean(),
  windows: fc.uniqueArray(fc.constantFrom(1, 2, 3, 7, 30), { minLength: 1, maxLength: 3 }),
  beyond: fc.integer({ min: 0, max: 40 }),
}).chain(({ interval, types, few, windows, beyond }) => {
  const seconds = windows.map((w) => w * interval);
  const asked = types.flatMap((type, i) => metrics(`v${i}`, askable(type, few), seconds));
  const row = fc.record({
    keys: fc.tuple(fc.constantFrom("ann", "bob", "it's", "ä"), fc.constantFrom(1n, 2n ** 62n)),
    time: times(interval),
    values: fc.tuple(
      ...types.map((type) => fc.option(type.value, { freq: 4 })),
    ),
  });
  return fc.record({
    interval: fc.constant(interval),
    types: fc.constant(types),
    metrics: fc.constant([...asked, ...metrics("*", ["count"], seconds)]),
    beyond: fc.constant(beyond),
    rows: fc.oneof(
      fc.array(row, { maxLength: 30 }),
      // Few keys and times, many rows: these are joined before they are streamed.
      fc.tuple(fc.array(row, { minLength: 1, maxLength: 2 }), fc.array(row, { minLength: 8, maxLength: 30 }))
        .map(
          ([few, many]) =>
            many.map((one, i) => ({ ...one, keys: few[i % few.length]!.keys, time: few[0]!.time })),
        ),
    ),
  });
});

Deno.test("rolling() gives what looking at every event for every row gives", async () => {
  using bench = await workbench();
  await fc.assert(fc.asyncProperty(cases, (tried) => check(bench, tried)), { numRuns: 120 });
});

async function check(bench: Awaited<ReturnType<typeof workbench>>, tried: Case): Promise<void> {
  const columns = tried.types.map((type, i) => `v${i} ${type.sql}`);
  await bench.run(
    `CREATE OR REPLACE TABLE events (id BIGINT, k1 VARCHAR, k2 BIGINT, t TIMESTAMP, ${columns})`,
  );
  for (const [id, { keys, time, values }] of tried.rows.entries()) {
    const list = values.map((value, i) => {
      const type = tried.types[i]!;
      return value === null ? "NULL" : `CAST(${type.literal(value)} AS ${type.sql})`;
    });
    await bench.run(
      `INSERT INTO events VALUES (${id}, '${keys[0].replaceAll("'", "''")}', ${
        keys[1]
      }, make_timestamp(${time}), ${list})`,
    );
  }
  await bench.run(
    `CREATE OR REPLACE VIEW shown AS SELECT k1, k2, t, ${tried.types.map((_, i) => `v${i}`)} FROM events`,
  );
  const events = await eventsOf(bench, tried);
  const interval = BigInt(tried.interval) * 1_000_000n;
  const newest = events.reduce((most, e) => e.time > most ? e.time : most, events[0]?.time ?? 0n);
  const lastStamp = bucketEnd(newest, interval) + BigInt(tried.beyond) * interval;
  const expected = expectedRows(events, {
    interval: tried.interval,
    metrics: tried.metrics,
    lastStamp,
    scales: Object.fromEntries(tried.types.map((type, i) => [`v${i}`, type.scale])),
  }).map((row) => ({ ...row, sort: [...JSON.parse(row.key) as [string, string], row.stamp] as const }));
  await bench.rolled(
    { relation: "shown", keys: KEYS, time: "t", interval: tried.interval, metrics: tried.metrics, lastStamp },
    async (select, table, count) => {
      const empty = await bench.run(`SELECT ${select} FROM ${table} LIMIT 0`);
      const given = columnsOf(empty);
      const rows = await bench.rows(
        `SELECT k1, k2, epoch_us(t), ${readable(given.slice(3))} FROM (SELECT ${select} FROM ${table})`,
      );
      assert.equal(rows.length, count);
      const inOrder = await bench.rows(
        `SELECT k1, k2, epoch_us(t) FROM (SELECT ${select} FROM ${table}) ORDER BY k1, k2, t`,
      );
      assert.deepEqual(
        rows.map((row) => row.slice(0, 3)),
        inOrder,
        "rows are in the order of keys and stamp",
      );
      const wanted = new Map(expected.map((row) => [`${row.key} ${row.stamp}`, row]));
      assert.equal(rows.length, wanted.size, "number of rows");
      for (const [k1, k2, stamp, ...values] of rows) {
        const name = `${JSON.stringify([k1, String(k2)])} ${stamp}`;
        const row = wanted.get(name);
        assert.ok(row, `no row was expected for ${name}`);
        row.metrics.forEach((value, i) => compare(value, values[i], `${tried.metrics[i]?.name} at ${name}`));
      }
    },
  );
}

async function eventsOf(bench: Awaited<ReturnType<typeof workbench>>, tried: Case): Promise<Event[]> {
  const texts = await bench.rows(
    `SELECT ${["id", ...tried.types.map((_, i) => `CAST(v${i} AS VARCHAR)`)]} FROM events ORDER BY id`,
  );
  return tried.rows.map(({ keys, time, values }, id) => ({
    key: JSON.stringify([keys[0], String(keys[1])]),
    time,
    values: Object.fromEntries(
      values.map((
        exact,
        i,
      ) => [`v${i}`, exact === null ? null : { exact, text: String(texts[id]?.[i + 1]) }]),
    ),
  }));
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
