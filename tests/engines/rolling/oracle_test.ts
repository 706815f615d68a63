import fc from "fast-check";
import type { MetricTask } from "../../../src/engines/task.ts";
import { times, TYPES, type ValueType } from "./events.ts";
import { askable, compareRows, type EventRow, fillTable, KEYS } from "./event_table.ts";
import { bucketEnd, expectedRows } from "./oracle.ts";
import { metrics, workbench } from "./workbench.ts";

interface Case {
  interval: number;
  types: ValueType[];
  metrics: MetricTask[];
  beyond: number;
  rows: EventRow[];
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
  const events = await fillTable(bench, tried.types, tried.rows);
  await bench.run(
    `CREATE OR REPLACE VIEW shown AS SELECT k0, k1, t, ${tried.types.map((_, i) => `v${i}`)} FROM events`,
  );
  const interval = BigInt(tried.interval) * 1_000_000n;
  const newest = events.reduce((most, e) => e.time > most ? e.time : most, events[0]?.time ?? 0n);
  const lastStamp = bucketEnd(newest, interval) + BigInt(tried.beyond) * interval;
  const expected = expectedRows(events, {
    interval: tried.interval,
    metrics: tried.metrics,
    lastStamp,
    scales: Object.fromEntries(tried.types.map((type, i) => [`v${i}`, type.scale])),
  });
  await bench.rolled(
    { relation: "shown", keys: KEYS, time: "t", interval: tried.interval, metrics: tried.metrics, lastStamp },
    (select, table, count) =>
      compareRows(bench, { from: `(SELECT ${select} FROM ${table})`, count }, expected, tried.metrics),
  );
}
