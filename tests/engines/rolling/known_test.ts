import assert from "node:assert/strict";
import fc from "fast-check";
import { stampsSql, valuesSql } from "../../../src/engines/duckdb/rolling/definition.ts";
import type { Column } from "../../../src/engines/duckdb/types.ts";
import type { Validity } from "../../../src/engines/duckdb/validity.ts";
import type { MetricTask } from "../../../src/engines/task.ts";
import { times, TYPES, type ValueType } from "./events.ts";
import { askable, compareRows, KEYS } from "./event_table.ts";
import { expectedOfVersions } from "./known_oracle.ts";
import { bucketEnd } from "./oracle.ts";
import { countingRows, delays, fillVersions, loadedAt, type VersionRow } from "./versions.ts";
import { metrics, workbench } from "./workbench.ts";

interface Case {
  interval: number;
  types: ValueType[];
  metrics: MetricTask[];
  beyond: number;
  /** Whether the source names a row_id. */
  versioned: boolean;
  rows: VersionRow[];
}

const cases: fc.Arbitrary<Case> = fc.record({
  interval: fc.constantFrom(60, 3600, 86400, 7 * 86400),
  types: fc.tuple(fc.constantFrom(...TYPES), fc.constantFrom(...TYPES)),
  windows: fc.uniqueArray(fc.constantFrom(1, 2, 3, 7, 30), { minLength: 1, maxLength: 3 }),
  beyond: fc.integer({ min: 0, max: 40 }),
  versioned: fc.boolean(),
}).chain(({ interval, types, windows, beyond, versioned }) => {
  const seconds = windows.map((w) => w * interval);
  const asked = types.flatMap((type, i) => metrics(`v${i}`, askable(type, false), seconds));
  const row = fc.record({
    keys: fc.tuple(
      fc.option(fc.constantFrom("ann", "bob", "it's"), { freq: 12 }),
      fc.constantFrom(1n, 2n ** 62n),
    ),
    time: fc.option(times(interval), { freq: 12 }),
    delay: fc.option(delays(interval), { freq: 12 }),
    row: fc.option(fc.constantFrom("r1", "r2", "r3", "r4"), { freq: 12 }),
    values: fc.tuple(...types.map((type) => fc.option(type.value, { freq: 4 }))),
  }).map(({ delay, ...row }): VersionRow => ({ ...row, knownAt: loadedAt(row.time, delay) }));
  return fc.record({
    interval: fc.constant(interval),
    types: fc.constant(types),
    metrics: fc.constant([...asked, ...metrics("*", ["count"], seconds)]),
    beyond: fc.constant(beyond),
    versioned: fc.constant(versioned),
    rows: fc.oneof(
      fc.array(row, { maxLength: 30 }),
      // One key, few moments: many enter and leave at one stamp.
      fc.tuple(row, fc.array(row, { minLength: 8, maxLength: 30 })).map(([one, many]) =>
        many.map((row) => ({ ...row, keys: one.keys, time: one.time }))
      ),
    ),
  });
});

Deno.test("rows known late, replaced or taken away count as a look at all versions for each stamp says", async () => {
  using bench = await workbench();
  await fc.assert(fc.asyncProperty(cases, (tried) => check(bench, tried)), { numRuns: 150 });
});

type Bench = Awaited<ReturnType<typeof workbench>>;

async function check(bench: Bench, tried: Case): Promise<void> {
  const versions = await fillVersions(bench, tried);
  const interval = BigInt(tried.interval) * 1_000_000n;
  // How far the data reach is also told by what is left out for another reason.
  const moments = tried.rows.flatMap(({ time, knownAt }) =>
    knownAt === null ? [] : [time ?? knownAt, knownAt]
  );
  const newest = moments.reduce((most, moment) => moment > most ? moment : most, moments[0] ?? 0n);
  const lastStamp = bucketEnd(newest, interval) + BigInt(tried.beyond) * interval;
  const expected = expectedOfVersions(versions, {
    interval: tried.interval,
    metrics: tried.metrics,
    lastStamp,
    scales: Object.fromEntries(tried.types.map((type, i) => [`v${i}`, type.scale])),
  });
  const rows = await countingRows(bench, tried.versioned);
  assert.equal(rows.newest ?? 0n, newest);
  const asked = {
    relation: rows.name,
    keys: KEYS,
    time: "t",
    interval: tried.interval,
    metrics: tried.metrics,
    validity: rows.validity!,
    lastStamp,
  };
  await bench.rolled(
    asked,
    (select, table, count) =>
      compareRows(bench, { from: `(SELECT ${select} FROM ${table})`, count }, expected, tried.metrics),
  );
  const from = await definition(bench, { ...asked, columns: rows.columns });
  await compareRows(bench, { from, count: expected.length }, expected, tried.metrics);
}

/** A table of what the SQL of docs/time.md gives, a window at a time. */
async function definition(
  { run }: Bench,
  { relation, keys, time, columns, interval, metrics, validity, lastStamp }: {
    relation: string;
    keys: string[];
    time: string;
    columns: Column[];
    interval: number;
    metrics: MetricTask[];
    validity: Validity;
    lastStamp: bigint;
  },
): Promise<string> {
  const events = { relation, keys, time, columns, interval, validity };
  const windows = [...new Set(metrics.map(({ window }) => window))];
  const stamps = stampsSql(events, windows, `make_timestamp(${lastStamp})`);
  await run(
    `CREATE OR REPLACE TABLE asked AS SELECT *, row_number() OVER (ORDER BY k0, k1, stamp) AS n FROM (${stamps})`,
  );
  const values = windows.map((window) => {
    const own = metrics.filter((metric) => metric.window === window);
    return `JOIN (${valuesSql(events, own, { asked: "asked", window })}) USING (n)`;
  });
  await run(
    `CREATE OR REPLACE TABLE defined AS SELECT k0, k1, stamp AS t, ${metrics.map(({ name }) => name)}
     FROM asked ${values.join(" ")} ORDER BY n`,
  );
  return "defined";
}
