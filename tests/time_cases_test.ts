import assert from "node:assert/strict";
import { parseDuration } from "../src/definitions/duration.ts";
import type { Aggregation } from "../src/definitions/model.ts";
import { workbench } from "./engines/rolling/workbench.ts";

/** A case as docs/time.md shows it: events in, rows out. */
interface Case {
  title: string;
  interval: string;
  until: string;
  /** Time and amount. */
  events: string;
  /** A line of names, then a row each; `NULL` where there is none. */
  rows: string;
}

const CASES: Case[] = [
  {
    title: "An event counts from the end of its day, and leaves each window with a row of its own",
    interval: "1d",
    until: "2024-03-10",
    events: `
      2024-03-04 10:00  5`,
    rows: `
      stamp       sum_1d  sum_3d
      2024-03-05       5       5
      2024-03-06       0       5
      2024-03-08       0       0`,
  },
  {
    title: "Midnight belongs to the day that begins",
    interval: "1d",
    until: "2024-03-10",
    events: `
      2024-03-04 23:59:59.999999  1
      2024-03-05 00:00            2`,
    rows: `
      stamp       count_1d  sum_1d
      2024-03-05         1       1
      2024-03-06         1       2
      2024-03-07         0       0`,
  },
  {
    title: "Where nothing enters or leaves, there is no row",
    interval: "1d",
    until: "2024-03-30",
    events: `
      2024-03-04 10:00  1
      2024-03-20 10:00  2`,
    rows: `
      stamp       sum_7d
      2024-03-05       1
      2024-03-12       0
      2024-03-21       2
      2024-03-28       0`,
  },
  {
    title: "NULL is left out of every aggregation, but its event is there",
    interval: "1d",
    until: "2024-03-10",
    events: `
      2024-03-04 09:00  5
      2024-03-04 10:00  NULL
      2024-03-06 10:00  NULL`,
    rows: `
      stamp       rows_1d  count_1d  sum_1d  mean_1d
      2024-03-05        2         1       5        5
      2024-03-06        0         0       0     NULL
      2024-03-07        1         0       0     NULL
      2024-03-08        0         0       0     NULL`,
  },
  {
    title: "Nothing is said after the last stamp",
    interval: "1d",
    until: "2024-03-06",
    events: `
      2024-03-04 10:00  5
      2024-03-05 10:00  2`,
    rows: `
      stamp       sum_1d  sum_3d
      2024-03-05       5       5
      2024-03-06       2       7`,
  },
  {
    title: "An empty window has 0 of something, and no mean, least or last",
    interval: "1d",
    until: "2024-03-10",
    events: `
      2024-03-04 10:00  5`,
    rows: `
      stamp       count_1d  count_distinct_1d  sum_1d  mean_1d  min_1d  last_1d
      2024-03-05         1                  1       5        5       5        5
      2024-03-06         0                  0       0     NULL    NULL     NULL`,
  },
  {
    title: "One value has no spread; a median of two lies between them",
    interval: "1d",
    until: "2024-03-07",
    events: `
      2024-03-04 10:00  2
      2024-03-05 10:00  4
      2024-03-06 10:00  9`,
    rows: `
      stamp       std_2d              median_2d  median_3d
      2024-03-05  NULL                2          2
      2024-03-06  1.4142135623730951  3          3
      2024-03-07  3.5355339059327378  6.5        4`,
  },
  {
    title: "First and last go by time; at the same time, by value",
    interval: "1d",
    until: "2024-03-06",
    events: `
      2024-03-04 10:00  7
      2024-03-04 10:00  3
      2024-03-04 09:00  NULL
      2024-03-05 08:00  5`,
    rows: `
      stamp       first_2d  last_2d  last_1d
      2024-03-05         3        7        7
      2024-03-06         3        5        5`,
  },
  {
    title: "Weeks start on Monday: 2024-03-10 is a Sunday",
    interval: "1w",
    until: "2024-04-01",
    events: `
      2024-03-10 23:59  1
      2024-03-11 00:00  2`,
    rows: `
      stamp       sum_1w  sum_2w
      2024-03-11       1       1
      2024-03-18       2       3
      2024-03-25       0       2
      2024-04-01       0       0`,
  },
  {
    title: "Time before 1970 is like any other",
    interval: "1h",
    until: "1970-01-01 03:00",
    events: `
      1969-12-31 23:30  1
      1970-01-01 00:00  2`,
    rows: `
      stamp             sum_1h  sum_2h
      1970-01-01 00:00       1       1
      1970-01-01 01:00       2       3
      1970-01-01 02:00       0       2
      1970-01-01 03:00       0       0`,
  },
];

const lines = (text: string) => text.trim().split("\n").map((line) => line.trim().split(/ {2,}/));
const micros = (time: string) =>
  BigInt(Date.parse(time.replace(" ", "T") + (time.includes(":") ? "Z" : ""))) * 1000n;

for (const [i, { title, interval, until, events, rows }] of CASES.entries()) {
  Deno.test(`Time, case ${i + 1}: ${title}`, async () => {
    using bench = await workbench();
    await bench.run("CREATE TABLE events (user_id INTEGER, event_time TIMESTAMP, amount DOUBLE)");
    for (const [time, amount] of lines(events)) {
      await bench.run(`INSERT INTO events VALUES (1, TIMESTAMP '${time}', ${amount})`);
    }
    const [[, ...names] = [], ...expected] = lines(rows);
    const metrics = names.map((name) => {
      const [, what = "", window = ""] = /^(.*)_(\w+)$/.exec(name) ?? [];
      return {
        name,
        input: what === "rows" ? "*" : "amount",
        aggregation: (what === "rows" ? "count" : what) as Aggregation,
        window: parseDuration(window)?.seconds ?? NaN,
      };
    });
    const request = {
      keys: ["user_id"],
      time: "event_time",
      interval: parseDuration(interval)?.seconds ?? NaN,
      metrics,
      lastStamp: micros(until),
    };
    const given = await bench.rolled(request, async (select, table) => {
      const stamp = `strftime(event_time, '${until.includes(":") ? "%Y-%m-%d %H:%M" : "%Y-%m-%d"}')`;
      return await bench.rows(
        `SELECT ${[stamp, ...names.map((name) => `"${name}"`)]} FROM (SELECT ${select} FROM ${table})`,
      );
    });
    assert.deepEqual(
      given.map((row) => row.map((value) => value === null ? "NULL" : String(value))),
      expected,
    );
  });
}

/** A case as the page shows it. */
function shown({ title, interval, until, events, rows }: Case, i: number): string {
  const indented = (text: string) => text.replace(/^\n/, "").replaceAll(/^ {6}/gm, "      ");
  return `**${i + 1}. ${title}.** Interval ${interval}, until ${until}.\n\n    events\n${
    indented(events)
  }\n    rows\n${indented(rows)}\n`;
}

Deno.test("docs/time.md shows these cases", async () => {
  const page = await Deno.readTextFile(new URL("../docs/time.md", import.meta.url));
  CASES.forEach((one, i) => assert.ok(page.includes(shown(one, i)), `case ${i + 1}: ${shown(one, i)}`));
});
