import assert from "node:assert/strict";
import { type Bench, withBench } from "./store.ts";
import { ask, labels } from "./visits.ts";

/** Two features of 100 days of 1,000 users, called as they are, whose files have several row groups. */
async function features(bench: Bench): Promise<void> {
  for (const [name, shift] of [["spend", 0], ["trips", 12]] as const) {
    await bench.feature({
      name,
      sql:
        `SELECT i // 100 AS user_id, TIMESTAMP '2024-01-01' + to_days((i % 100)::INTEGER) + to_hours(${shift}) AS seen_at,
          i AS n, 'value ' || i AS what FROM range(100000) t(i) ORDER BY ALL`,
      keys: ["user_id"],
      timestamp: "seen_at",
      stamp: "event",
    });
  }
}

/** Labels of users in no order, some of whom have no rows. */
const asked = (rows: number) =>
  `SELECT i AS label, (i * 7919) % 1010 AS user_id, TIMESTAMP '2024-01-01' + to_minutes((i * 104729) % 150000) AS seen_at
   FROM range(${rows}) t(i)`;

const REQUEST = { features: ["spend", "trips"] };

Deno.test("the same bytes, whatever the threads, and the memory: rows that do not fit are spilled", async () => {
  await withBench(async (bench) => {
    await features(bench);
    await labels(bench, asked(300_000));
    const files: Uint8Array[] = [];
    for (
      const way of [{ threads: 1 }, { threads: 2 }, { threads: 4 }, { threads: 2, memory: 100e6 }]
    ) {
      await ask(bench, { ...REQUEST, ...way });
      files.push(await Deno.readFile(`${bench.folder}/out.parquet`));
    }
    const [first, ...others] = files;
    assert((first?.length ?? 0) > 1e6);
    for (const other of others) assert.deepEqual(other, first);
  });
});

Deno.test("few labels get the same rows as they do among many", async () => {
  await withBench(async (bench) => {
    await features(bench);
    const read = () =>
      bench.rows("SELECT * EXCLUDE (seen_at) FROM '$DIR/out.parquet' WHERE label < 100 ORDER BY label");
    await labels(bench, asked(100_000));
    await ask(bench, REQUEST);
    const among = await read();
    await labels(bench, asked(100));
    const { features: reports } = await ask(bench, REQUEST);
    assert.deepEqual(await read(), among);
    assert(reports.every(({ matched }) => matched > 80 && matched < 100), JSON.stringify(reports));
  });
});
