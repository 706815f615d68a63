import assert from "node:assert/strict";
import type { Aggregation } from "../../../src/definitions/model.ts";
import type { MetricTask } from "../../../src/engines/task.ts";
import { type Events, stampsSql, valuesSql } from "../../../src/engines/duckdb/rolling/definition.ts";
import { DAY, workbench } from "./workbench.ts";

const page = await Deno.readTextFile(new URL("../../../docs/time.md", import.meta.url));
/** The page's query, with a gap for the aggregation. */
const QUERY = /```sql\n([\s\S]*?AGGREGATION[\s\S]*?)```/.exec(page)?.[1] ?? "";
/** The page's SQL of each aggregation. */
const DEFINITIONS = [...page.matchAll(/^\| `(\w+)`( of `"\*"`)? \| `([^`]+)` \|/gm)].map((
  [, name, ofRows, sql],
) => ({
  aggregation: name as Aggregation,
  input: ofRows === undefined ? "amount" : "*",
  sql: sql ?? "",
}));
const LAST = BigInt(Date.UTC(2024, 2, 20)) * 1000n;

const chance = (which: number) => `(hash(i * 4 + ${which}) >> 1)::BIGINT`;

/** Three users' events of two weeks: at full hours, so that many share a time, some at midnight. */
const events = (amount: string, count: number) => `
  CREATE OR REPLACE TABLE events AS
  SELECT ${chance(0)} % 3 AS user_id, TIMESTAMP '2024-03-01' + to_hours((${
  chance(1)
} % 336)::INTEGER) AS event_time,
    CASE WHEN ${chance(2)} % 5 > 0 THEN ${amount} END AS amount
  FROM range(${count}) t(i)`;

const AMOUNTS = {
  DOUBLE: `((${chance(3)} % 2001 - 1000) / 8)::DOUBLE`,
  FLOAT: `((${chance(3)} % 2001 - 1000) / 8)::FLOAT`,
  BIGINT: `(${chance(3)} % 2001 - 1000)`,
  "BIGINT of 55 bits": `${chance(3)} % ${2n ** 55n} - ${2n ** 54n}`,
  "DECIMAL(10,2)": `((${chance(3)} % 2001 - 1000) / 8)::DECIMAL(10,2)`,
  "DOUBLE with infinity": `(CASE ${
    chance(3)
  } % 9 WHEN 0 THEN 'inf' WHEN 1 THEN '-inf' ELSE '0.5' END)::DOUBLE`,
  "DOUBLE with NaN": `(CASE ${chance(3)} % 40 WHEN 0 THEN 'nan' ELSE (${
    chance(3)
  } % 20)::VARCHAR END)::DOUBLE`,
};

Deno.test("docs/time.md has SQL for each aggregation", () => {
  assert.deepEqual(
    DEFINITIONS.map(({ aggregation, input }) => `${aggregation} ${input}`),
    [
      "count amount",
      "count *",
      "sum amount",
      "mean amount",
      "min amount",
      "max amount",
      "std amount",
      "median amount",
      "count_distinct amount",
      "first amount",
      "last amount",
    ],
  );
});

/** The same query, as the audit makes it. */
function definitionOf(metric: MetricTask, type: string): string {
  const events: Events = {
    relation: "events",
    keys: ["user_id"],
    time: "event_time",
    columns: [
      { name: "user_id", type: "BIGINT" },
      { name: "event_time", type: "TIMESTAMP" },
      { name: "amount", type },
    ],
    interval: DAY,
  };
  const asked = `(SELECT *, row_number() OVER (ORDER BY k0, stamp) AS n FROM (${
    stampsSql(events, [metric.window], `make_timestamp(${LAST})`)
  }))`;
  return `SELECT k0, CAST(stamp AS VARCHAR), value
    FROM ${asked} JOIN (${valuesSql(events, [metric], { asked, window: metric.window })}) USING (n)
    ORDER BY k0, stamp`;
}

for (const [name, amount] of Object.entries(AMOUNTS)) {
  for (const count of [25, 400, 6000]) {
    Deno.test(`rolling(), and the SQL that audits it, give what the SQL of docs/time.md gives: ${count} events, ${name}`, async () => {
      using bench = await workbench();
      await bench.run(events(amount, count));
      for (const { aggregation, input, sql } of DEFINITIONS) {
        if (aggregation === "std" && name.includes("with")) continue;
        const metric = { name: "value", input, aggregation, window: 7 * DAY };
        const asked = {
          keys: ["user_id"],
          time: "event_time",
          interval: DAY,
          metrics: [metric],
          lastStamp: LAST,
        };
        const expected = await bench.rows(
          `SELECT user_id, CAST(stamp AS VARCHAR), value FROM (${QUERY.replace("AGGREGATION", sql)})`,
        );
        const defined = await bench.rows(definitionOf(metric, name));
        const given = await bench.rolled(asked, (select, table) =>
          bench.rows(
            `SELECT user_id, CAST(event_time AS VARCHAR), value FROM (SELECT ${select} FROM ${table})`,
          ));
        for (const rows of [given, defined]) {
          assert.deepEqual(rows.map((row) => row.slice(0, 2)), expected.map((row) => row.slice(0, 2)));
          rows.forEach((row, i) => same(row[2], expected[i]?.[2], `${aggregation} at ${row[0]} ${row[1]}`));
        }
      }
    });
  }
}

/** Doubles may differ in how they were rounded: by 1e-12 of them, or of the amounts they are the difference of. */
function same(given: unknown, expected: unknown, where: string): void {
  if (typeof given === "number" && typeof expected === "number" && Number.isFinite(expected)) {
    const within = 1e-12 * Math.max(Math.abs(expected), 100);
    assert.ok(Math.abs(given - expected) <= within, `${where}: ${given} for ${expected}`);
  } else if (typeof given === "number" || given === null) {
    assert.deepEqual(given, expected, where);
  } else if (typeof given === "bigint") {
    assert.equal(given, expected, where);
  } else {
    // A decimal; DuckDB's sum of nothing is one without digits.
    assert.equal(Number(String(given)), Number(String(expected)), where);
  }
}
