import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import fc from "fast-check";
import { AGGREGATIONS } from "../../../src/definitions/model.ts";
import type { MetricTask } from "../../../src/engines/task.ts";
import { DAY, metrics, workbench } from "./workbench.ts";

const WINDOWS = [DAY, 7 * DAY, 30 * DAY];
const ADDED_UP = ["count", "sum", "mean", "min", "max"] as const;
const LAST = BigInt(Date.UTC(2025, 0, 1)) * 1000n;

/** Events of `users` users over 200 days, with NULLs; amounts of very different sizes, so that the order of sums shows. */
const events = (count: number, users: number) => {
  const chance = (which: number) => `(hash(i * 9 + ${which}) >> 1)::BIGINT`;
  return `
    CREATE OR REPLACE TABLE events AS
    SELECT 'user ' || (${chance(0)} % ${users}) AS name, (${chance(0)} % ${users})::UTINYINT AS k,
      TIMESTAMP '2024-01-01' + to_seconds(${chance(1)} % ${200 * DAY}) AS t,
      CASE WHEN ${chance(2)} % 10 > 0
        THEN ((${chance(3)} % 1000003) / 7 * 10.0 ** (${chance(4)} % 8 - 4))::DOUBLE END AS x,
      (${chance(5)} % 1000)::FLOAT / 3 AS f, ((${chance(6)} % 100000) / 100)::DECIMAL(18,2) AS d,
      hash(i) AS big, 'word ' || (${chance(8)} % 300) AS word
    FROM range(${count}) s(i)`;
};

async function fileHash(
  threads: number,
  metrics: MetricTask[],
  count: number,
  users: number,
): Promise<string> {
  using bench = await workbench(threads);
  const folder = await Deno.makeTempDir();
  try {
    await bench.run(events(count, users));
    const request = { keys: ["name", "k"], time: "t", interval: DAY, metrics, lastStamp: LAST };
    return await bench.rolled(request, async (select, table) => {
      const file = join(folder, "out.parquet");
      await bench.run(
        `COPY (SELECT ${select} FROM ${table}) TO '${file}' (FORMAT parquet, COMPRESSION zstd)`,
      );
      return createHash("sha256").update(await Deno.readFile(file)).digest("hex");
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("rolling() gives the same bytes on 1, 2 and 4 threads, events streamed one by one", async () => {
  const asked = [
    ...metrics("x", AGGREGATIONS, WINDOWS),
    ...metrics("f", ["sum", "std"], WINDOWS),
    ...metrics("big", ["first", "max", "count_distinct"], [DAY]),
    ...metrics("word", ["last", "min"], WINDOWS),
  ];
  const hashes = [];
  for (const threads of [1, 2, 4, 4]) hashes.push(await fileHash(threads, asked, 150_000, 40));
  assert.equal(new Set(hashes).size, 1);
});

Deno.test("rolling() gives the same bytes on 1, 2 and 4 threads, events added up by DuckDB", async () => {
  const asked = [
    ...metrics("x", ADDED_UP, WINDOWS),
    ...metrics("d", ADDED_UP, WINDOWS),
    ...metrics("f", ["mean"], [DAY]),
  ];
  const hashes = [];
  for (const threads of [1, 2, 4, 4]) hashes.push(await fileHash(threads, asked, 600_000, 20));
  assert.equal(new Set(hashes).size, 1);
});

/** The bits of every value, as texts. */
async function bits(
  bench: Awaited<ReturnType<typeof workbench>>,
  asked: MetricTask[],
  show: readonly string[],
) {
  const request = {
    relation: "events",
    keys: ["k"],
    time: "t",
    interval: DAY,
    metrics: asked,
    lastStamp: LAST,
  };
  return await bench.rolled(request, async (select, table) => {
    const list = show.map((name) => `"${name}"`);
    const rows = await bench.rows(`SELECT k, epoch_us(t), ${list} FROM (SELECT ${select} FROM ${table})`);
    return rows.map((row) => row.map(bitsOf).join(" "));
  });
}

function bitsOf(value: unknown): string {
  if (typeof value !== "number") return String(value);
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16);
}

Deno.test("rolling() gives the same bits whether DuckDB adds events up first or not", async () => {
  using bench = await workbench();
  await bench.run(events(50_000, 5));
  await bench.run("UPDATE events SET x = 'nan' WHERE k = 1 AND dayofyear(t) = 20");
  await bench.run("UPDATE events SET x = 'inf' WHERE k = 2 AND dayofyear(t) IN (30, 31)");
  await bench.run("UPDATE events SET x = '-inf' WHERE k = 2 AND dayofyear(t) IN (31, 35)");
  await bench.run("UPDATE events SET x = NULL WHERE k = 3 AND dayofyear(t) BETWEEN 50 AND 60");
  await bench.run("UPDATE events SET x = -0.0 WHERE k = 4 AND dayofyear(t) BETWEEN 50 AND 60");
  const asked = ["x", "f", "d"].flatMap((input) => metrics(input, ADDED_UP, WINDOWS));
  const names = asked.map(({ name }) => name);
  const addedUp = await bits(bench, asked, names);
  const oneByOne = await bits(bench, [...asked, ...metrics("x", ["median"], WINDOWS)], names);
  assert.ok(addedUp.length > 900);
  assert.deepEqual(addedUp, oneByOne);
});

Deno.test("rolling() gives the same bits in whatever order the source has its rows", async () => {
  using bench = await workbench();
  await bench.run(events(3000, 2));
  const asked = [...metrics("x", AGGREGATIONS, WINDOWS), ...metrics("word", ["first", "last"], WINDOWS)];
  const names = asked.map(({ name }) => name);
  // Without first and last another order suffices: both are tried.
  for (const some of [asked, metrics("x", ["sum", "std"], WINDOWS)]) {
    const show = names.filter((name) => some.some((metric) => metric.name === name));
    await bench.run(
      "CREATE OR REPLACE TABLE sorted AS SELECT * REPLACE (date_trunc('day', t) AS t) FROM events ORDER BY ALL",
    );
    await bench.run("CREATE OR REPLACE TABLE events AS FROM sorted");
    const forward = await bits(bench, some, show);
    await bench.run("CREATE OR REPLACE TABLE events AS FROM sorted ORDER BY ALL DESC");
    assert.deepEqual(await bits(bench, some, show), forward);
  }
});

/** Amounts that make sums round: far apart in size, sometimes further than fixed point can reach. */
const amount = fc.oneof(
  fc.constantFrom(0.1, 0.2, 0.7, 1e16, -1e16, 1e-3, 3e-20, 1e22, -1e22),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e3, max: 1e3 }),
);

Deno.test("deleting all events at or after a moment changes no bit that is served before or at it", async () => {
  using bench = await workbench();
  const event = fc.record({
    key: fc.integer({ min: 0, max: 2 }),
    hours: fc.integer({ min: 0, max: 24 * 40 }),
    x: fc.option(amount, { freq: 5 }),
  });
  const property = fc.asyncProperty(
    fc.array(event, { minLength: 5, maxLength: 60 }),
    fc.integer({ min: 0, max: 24 * 45 }),
    fc.boolean(),
    async (events, hours, addedUp) => {
      await bench.run("CREATE OR REPLACE TABLE events (k INTEGER, t TIMESTAMP, x DOUBLE)");
      for (const { key, hours, x } of events) {
        await bench.run(
          `INSERT INTO events VALUES (${key}, TIMESTAMP '2024-01-01' + to_hours(${hours}), ${
            x === null ? "NULL" : `'${x}'`
          })`,
        );
      }
      const asked = metrics("x", addedUp ? ADDED_UP : AGGREGATIONS, WINDOWS);
      const names = asked.map(({ name }) => name);
      const moment = BigInt(Date.UTC(2024, 0, 1, hours)) * 1000n;
      const served = (rows: string[]) => rows.filter((row) => BigInt(row.split(" ")[1]!) <= moment);
      const before = served(await bits(bench, asked, names));
      await bench.run(`DELETE FROM events WHERE t >= make_timestamp(${moment})`);
      assert.deepEqual(served(await bits(bench, asked, names)), before);
    },
  );
  await fc.assert(property, { numRuns: 60 });
});

Deno.test("what was not known, or not replaced, at a moment changes no bit that is served before or at it", async () => {
  using bench = await workbench();
  const hours = fc.integer({ min: 0, max: 24 * 20 });
  const event = fc.record({
    key: fc.integer({ min: 0, max: 1 }),
    hours,
    late: fc.integer({ min: 0, max: 24 * 5 }),
    replaced: fc.option(fc.integer({ min: 1, max: 24 * 9 })),
    x: fc.option(amount, { freq: 5 }),
  });
  const asked = metrics("x", AGGREGATIONS, WINDOWS);
  const names = asked.map(({ name }) => name);
  const at = (hours: number) => `TIMESTAMP '2024-01-01' + to_hours(${hours})`;
  const served = async (moment: bigint) => {
    const request = { keys: ["k"], time: "t", interval: DAY, metrics: asked, lastStamp: LAST };
    const validity = { since: "since", until: "until" };
    return await bench.rolled({ ...request, validity }, async (select, table) => {
      const list = names.map((name) => `"${name}"`);
      const rows = await bench.rows(
        `SELECT k, epoch_us(t), ${list} FROM (SELECT ${select} FROM ${table}) WHERE epoch_us(t) <= ${moment}`,
      );
      return rows.map((row) => row.map(bitsOf).join(" "));
    });
  };
  const property = fc.asyncProperty(
    fc.array(event, { minLength: 5, maxLength: 50 }),
    hours,
    async (events, until) => {
      const fill = async (some: readonly (typeof events)[number][]) => {
        await bench.run(
          "CREATE OR REPLACE TABLE events (k INTEGER, t TIMESTAMP, x DOUBLE, since TIMESTAMP, until TIMESTAMP)",
        );
        for (const { key, hours, late, replaced, x } of some) {
          const end = replaced === null ? "NULL" : at(hours + late + replaced);
          await bench.run(
            `INSERT INTO events VALUES (${key}, ${at(hours)}, ${x === null ? "NULL" : `'${x}'`}, ${
              at(hours + late)
            }, ${end})`,
          );
        }
      };
      const moment = BigInt(Date.UTC(2024, 0, 1, until)) * 1000n;
      await fill(events);
      const before = await served(moment);
      const known = events.filter(({ hours, late }) => hours + late < until).map((one) => ({
        ...one,
        replaced: one.replaced !== null && one.hours + one.late + one.replaced < until ? one.replaced : null,
      }));
      await fill(known.toReversed());
      assert.deepEqual(await served(moment), before);
    },
  );
  await fc.assert(property, { numRuns: 40 });
});
