/**
 * Windows of 1, 7 and 30 days over 10,000,000 events of 100,000 users: sum, count and mean, to a zstd Parquet file on two
 * threads. The kernel, with 1.4 GB for DuckDB; the best SQL found for the same rows, sorted and as deterministic, with
 * all the memory it wants; and the short SQL that many write, which leaks, is not sorted, and gives fewer rows.
 */
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { rolling } from "../src/engines/duckdb/rolling.ts";
import { eventsFile } from "./events.ts";
import { compare } from "./paired.ts";

const WINDOWS = [1, 7, 30];
/** The end of the last event's day. */
const LAST = "TIMESTAMP '2024-12-31'";

/** Sums that do not depend on threads: in fixed point. Amounts are under 2^12, and there are under 2^24 of them. */
const DAILY = `
  SELECT user_id, (epoch_us(event_time) // 86400000000)::INTEGER AS day, count(amount) AS n,
    sum((amount * ${2 ** 64}::DOUBLE)::HUGEINT)::DOUBLE / ${2 ** 64}::DOUBLE AS s
  FROM events GROUP BY ALL`;

/** A row for every day from a user's first to 30 after the last; windows are counts of rows; then what changes is kept. */
const BEST = `
  WITH daily AS MATERIALIZED (${DAILY}),
  spine AS (
    SELECT user_id, unnest(range(min(day), least(max(day) + 31, epoch(${LAST})::BIGINT // 86400)))::INTEGER AS day
    FROM daily GROUP BY user_id),
  dense AS (SELECT user_id, day, n, s FROM spine LEFT JOIN daily USING (user_id, day)),
  summed AS (
    SELECT user_id, day, ${
  WINDOWS.map((w) =>
    `sum(s) OVER w${w} AS s${w}, sum(n) OVER w${w} AS n${w}, lag(n, ${w}) OVER o AS left${w}`
  )
}, n
    FROM dense
    WINDOW o AS (PARTITION BY user_id ORDER BY day), ${
  WINDOWS.map((w) =>
    `w${w} AS (PARTITION BY user_id ORDER BY day ROWS BETWEEN ${w - 1} PRECEDING AND CURRENT ROW)`
  )
})
  SELECT user_id, make_timestamp((day + 1) * 86400000000) AS event_time, ${
  WINDOWS.map((w) =>
    `coalesce(s${w}, 0) AS sum_${w}, coalesce(n${w}, 0)::BIGINT AS count_${w}, s${w} / n${w} AS mean_${w}`
  )
}
  FROM summed WHERE n IS NOT NULL OR ${WINDOWS.map((w) => `left${w} IS NOT NULL`).join(" OR ")}
  ORDER BY user_id, day`;

const SHORT = `
  SELECT user_id, day, ${
  WINDOWS.map((w) =>
    `sum(s) OVER w${w} AS sum_${w}, sum(n) OVER w${w} AS count_${w}, sum(s) OVER w${w} / sum(n) OVER w${w} AS mean_${w}`
  )
}
  FROM (SELECT user_id, event_time::DATE AS day, sum(amount) AS s, count(amount) AS n FROM events GROUP BY ALL)
  WINDOW ${
  WINDOWS.map((w) =>
    `w${w} AS (PARTITION BY user_id ORDER BY day RANGE BETWEEN INTERVAL ${
      w - 1
    } DAYS PRECEDING AND CURRENT ROW)`
  )
}`;

async function write(way: string, file: string, out: string): Promise<void> {
  const memory = way === "kernel" ? "1400MB" : "12GB";
  const instance = await DuckDBInstance.create(":memory:", {
    threads: "2",
    memory_limit: memory,
    temp_directory: `${out}.tmp`,
  });
  const connection = await instance.connect();
  await connection.run(`CREATE VIEW events AS SELECT * FROM read_parquet('${file}')`);
  const copy = (select: string) =>
    connection.run(`COPY (${select}) TO '${out}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)`);
  if (way !== "kernel") return void await copy(way === "best" ? BEST : SHORT);
  const metrics = WINDOWS.flatMap((days) =>
    (["sum", "count", "mean"] as const).map((aggregation) => ({
      name: `${aggregation}_${days}`,
      input: "amount",
      aggregation,
      window: days * 86400,
    }))
  );
  const rolled = await rolling({
    instance,
    connection,
    relation: "events",
    keys: ["user_id"],
    time: "event_time",
    interval: 86400,
    metrics,
    lastStamp: BigInt(Date.UTC(2024, 11, 31)) * 1000n,
  });
  await copy(`SELECT ${rolled.select} FROM ${rolled.table}`);
}

/** The kernel's rows and the best SQL's are the same: sums, whose additions are in another order, to 1e-12. */
async function same(folder: string): Promise<void> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const [a, b] = ["kernel", "best"].map((way) => `read_parquet('${join(folder, way)}.parquet')`);
  const differs = [
    ...WINDOWS.map((w) => `a.count_${w} <> b.count_${w}`),
    ...WINDOWS.map((w) => `abs(a.sum_${w} - b.sum_${w}) > 1e-12 * b.sum_${w}`),
  ].join(" OR ");
  const [row] = (await connection.runAndReadAll(
    `SELECT count(*), count(a.user_id), count(b.user_id), count(*) FILTER (${differs})
     FROM ${a} a FULL JOIN ${b} b USING (user_id, event_time)`,
  )).getRows();
  const [all, left, right, different] = (row ?? []).map(Number);
  console.log(`  ${all} rows, of which ${different} differ`);
  if (all !== left || all !== right || different !== 0) throw new Error("The two give different rows");
}

const [way, file, out] = Deno.args;
if (way !== undefined && file !== undefined && out !== undefined) {
  await write(way, file, out);
} else {
  const events = await eventsFile();
  const folder = await Deno.makeTempDir({ prefix: "mlforge-bench-" });
  const contestant = (name: string, way: string) => ({
    name,
    command: [
      Deno.execPath(),
      "run",
      "-A",
      new URL(import.meta.url).pathname,
      way,
      events,
      join(folder, `${way}.parquet`),
    ],
  });
  try {
    await compare("Rolling windows over 10,000,000 events", [
      contestant("the best SQL, sorted and deterministic", "best"),
      contestant("rolling kernel", "kernel"),
      contestant("short SQL: leaky, unsorted, fewer rows", "short"),
    ], 3);
    await same(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
