import assert from "node:assert/strict";
import type { Aggregation } from "../../../src/definitions/model.ts";
import { rolling } from "../../../src/engines/duckdb/rolling.ts";
import { MlforgeError } from "../../../src/error.ts";
import type { MetricTask } from "../../../src/engines/task.ts";
import { DAY, metrics, workbench } from "./workbench.ts";

const LAST = BigInt(Date.UTC(2030, 0, 1)) * 1000n;

type Bench = Awaited<ReturnType<typeof workbench>>;

function values(bench: Bench, asked: MetricTask[], keys = ["k"], interval = DAY): Promise<unknown[][]> {
  const request = { keys, time: "t", interval, metrics: asked, lastStamp: LAST };
  return bench.rolled(
    request,
    (select, table) =>
      bench.rows(
        `SELECT ${
          asked.map(({ name }) => `CAST("${name}" AS VARCHAR)`)
        } FROM (SELECT ${select} FROM ${table})`,
      ),
  );
}

async function refused(bench: Bench, asked: MetricTask[], message: RegExp, hint: RegExp, interval = DAY) {
  await assert.rejects(values(bench, asked, ["k"], interval), (error) => {
    assert.ok(error instanceof MlforgeError);
    assert.match(error.message, message);
    assert.match(error.hint ?? "", hint);
    return true;
  });
  assert.deepEqual(await leftBehind(bench), ["events"]);
}

async function leftBehind(bench: Bench): Promise<string[]> {
  const names = await bench.rows(
    `SELECT table_name AS name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal
     UNION ALL SELECT type_name FROM duckdb_types() WHERE NOT internal AND schema_name = 'main' ORDER BY name`,
  );
  return names.map(([name]) => String(name));
}

const events = (type: string, ...amounts: string[]) =>
  `CREATE TABLE events AS SELECT 1 AS k, TIMESTAMP '2024-01-01 12:00' AS t, unnest([${amounts}]::${type}[]) AS x`;

for (
  const [type, value, aggregation] of [
    ["VARCHAR", "'a'", "sum"],
    ["VARCHAR", "'a'", "mean"],
    ["DATE", "'2024-01-01'", "median"],
    ["TIMESTAMP", "'2024-01-01'", "std"],
    ["INTEGER[]", "[1]", "max"],
    ["STRUCT(a INTEGER)", "{a: 1}", "count_distinct"],
    ["BLOB", "'a'", "first"],
    ["INTERVAL", "'1 day'", "min"],
  ] satisfies [string, string, Aggregation][]
) {
  Deno.test(`rolling() refuses ${aggregation} of ${type}`, async () => {
    using bench = await workbench();
    await bench.run(events(type, value));
    const message = /^Can't take \w+ of column "x", which is of type /;
    await refused(bench, metrics("x", [aggregation], [DAY]), message, /take one of: .*count/);
    assert.deepEqual(await values(bench, metrics("x", ["count"], [DAY])), [["1"], ["0"]]);
  });
}

Deno.test("rolling() names the column that there is instead of one that there isn't", async () => {
  using bench = await workbench();
  await bench.run(events("INTEGER", "1"));
  await refused(bench, metrics("X", ["sum"], [DAY]), /no column "X"/, /Did you mean "x"/);
});

Deno.test("rolling() gives the largest sum that fits in a BIGINT and refuses a larger one", async () => {
  using bench = await workbench();
  await bench.run(events("BIGINT", String(2n ** 63n - 1n), "-1", "1"));
  assert.deepEqual(await values(bench, metrics("x", ["sum"], [DAY])), [["9223372036854775807"], ["0"]]);
  await bench.run("INSERT INTO events VALUES (1, TIMESTAMP '2024-01-01 13:00', 1)");
  await refused(
    bench,
    metrics("x", ["sum"], [DAY]),
    /sum of column "x" does not fit in a BIGINT/,
    /"sum_x_86400"/,
  );
  // A mean needs no such sum to be kept.
  assert.deepEqual((await values(bench, metrics("x", ["mean"], [DAY])))[0], ["2.305843009213694e+18"]);
});

Deno.test("rolling() gives the smallest BIGINT as a sum", async () => {
  using bench = await workbench();
  await bench.run(events("BIGINT", String(-(2n ** 63n))));
  assert.deepEqual(await values(bench, metrics("x", ["sum", "min"], [DAY])), [
    ["-9223372036854775808", "-9223372036854775808"],
    ["0", null],
  ]);
});

Deno.test("rolling() adds up decimals of 38 digits and refuses sums of 39", async () => {
  using bench = await workbench();
  const half = `'${"4".repeat(30)}.00000001'`;
  await bench.run(events("DECIMAL(38,8)", half, half));
  assert.deepEqual((await values(bench, metrics("x", ["sum"], [DAY])))[0], [`${"8".repeat(30)}.00000002`]);
  // As medians need events one by one, it is not DuckDB that adds up here.
  await bench.run(`INSERT INTO events VALUES (1, TIMESTAMP '2024-01-01 13:00', ${half})`);
  await refused(bench, metrics("x", ["sum", "median"], [DAY]), /does not fit in a DECIMAL\(38,8\)/, /Cast/);
});

Deno.test("rolling() refuses a std over NaN or infinity, where there are two values", async () => {
  for (const special of ["'nan'", "'inf'"]) {
    using bench = await workbench();
    await bench.run(events("DOUBLE", special));
    assert.deepEqual(await values(bench, metrics("x", ["std"], [DAY])), [[null], [null]]);
    await bench.run("INSERT INTO events VALUES (1, TIMESTAMP '2024-01-01 13:00', 1)");
    await refused(bench, metrics("x", ["std"], [DAY]), /std of column "x" is no number/, /isfinite/);
  }
});

Deno.test("rolling() keeps the digits of values far from zero in their std", async () => {
  using bench = await workbench();
  await bench.run(events("DOUBLE", "1e9 + 1", "1e9 + 2", "1e9 + 4"));
  const [row] = await values(bench, metrics("x", ["std"], [DAY]));
  assert.ok(Math.abs(Number(row?.[0]) - Math.sqrt(7 / 3)) < 1e-7, String(row?.[0]));
});

Deno.test("rolling() gives sums beyond a double's range as infinity, and those that only pass it on the way", async () => {
  using bench = await workbench();
  await bench.run(events("DOUBLE", "1.7e308", "1.7e308", "-1.7e308", "1e-300"));
  assert.deepEqual((await values(bench, metrics("x", ["sum"], [DAY])))[0], ["1.7e+308"]);
  await bench.run("INSERT INTO events VALUES (1, TIMESTAMP '2024-01-01 13:00', 1.7e308)");
  assert.deepEqual((await values(bench, metrics("x", ["sum"], [DAY])))[0], ["inf"]);
});

Deno.test("rolling() gives zero for negative zero", async () => {
  using bench = await workbench();
  await bench.run(events("DOUBLE", "'-0.0'"));
  const asked = metrics("x", ["sum", "mean", "min", "max", "median", "first", "last"], [DAY]);
  assert.deepEqual((await values(bench, asked))[0], Array(7).fill("0.0"));
  // Added up first, too.
  await bench.run("INSERT INTO events SELECT e.* FROM events e, range(9)");
  assert.deepEqual((await values(bench, asked.slice(0, 4)))[0], Array(4).fill("0.0"));
});

Deno.test("rolling() rounds a bucket's sum once", async () => {
  using bench = await workbench();
  await bench.run(events("DOUBLE", "1e16", "1", "1", "1e-16", "-1e16", "0.1", "0.2"));
  assert.deepEqual((await values(bench, metrics("x", ["sum"], [DAY])))[0], ["2.3000000000000003"]);
});

Deno.test("rolling() refuses times too far apart for their interval", async () => {
  using bench = await workbench();
  await bench.run(events("INTEGER", "1"));
  await bench.run("INSERT INTO events VALUES (1, TIMESTAMP '9999-12-31', 1), (1, TIMESTAMP '0001-01-01', 1)");
  await refused(
    bench,
    metrics("x", ["sum"], [60]),
    /"t" reach from 1 to 9999: too far for 60 s/,
    /placeholder/,
    60,
  );
  assert.equal((await values(bench, metrics("x", ["sum"], [3600]), ["k"], 3600)).length, 4);
});

Deno.test("rolling() gives no row where no event is, and leaves nothing behind", async () => {
  using bench = await workbench();
  await bench.run("CREATE TABLE events (k VARCHAR, t TIMESTAMP, x VARCHAR)");
  assert.deepEqual(await values(bench, metrics("x", ["count", "max", "last"], [DAY])), []);
  assert.deepEqual(await leftBehind(bench), ["events"]);
});

Deno.test("rolling() takes more words than one or two bytes can number", async () => {
  for (const words of [255, 256, 65535, 65536]) {
    using bench = await workbench();
    await bench.run(
      `CREATE TABLE events AS SELECT lpad(i::VARCHAR, 6, '0') AS k, TIMESTAMP '2024-01-01' AS t, 'w' || i AS x
       FROM range(${words}) s(i)`,
    );
    const request = {
      keys: ["k"],
      time: "t",
      interval: DAY,
      metrics: metrics("x", ["max"], [DAY]),
      lastStamp: LAST,
    };
    const [row] = await bench.rolled(request, (select, table) =>
      bench.rows(
        `SELECT count(*), count(DISTINCT k), min(k), max(k), count(*) FILTER (max_x_${DAY} = 'w' || k::INTEGER)
         FROM (SELECT ${select} FROM ${table})`,
      ));
    const last = String(words - 1).padStart(6, "0");
    assert.deepEqual(row, [2n * BigInt(words), BigInt(words), "000000", last, BigInt(words)]);
  }
});

Deno.test("rolling() keeps keys of every type, in their order", async () => {
  const types = {
    BOOLEAN: "i % 2 = 0",
    TINYINT: "i - 2",
    "DECIMAL(4,1)": "i - 2",
    "DECIMAL(30,2)": "(i - 2) * 10.0 ** 20",
    UBIGINT: "18446744073709551611 + i",
    DATE: "DATE '1970-01-01' + (i - 2)::INTEGER",
    TIMESTAMP: "TIMESTAMP '1970-01-01' + to_days((i - 2)::INTEGER)",
    UUID: "CAST('00000000-0000-0000-0000-00000000000' || i AS UUID)",
    VARCHAR: "chr((70 - i)::INTEGER)",
  };
  for (const [type, value] of Object.entries(types)) {
    using bench = await workbench();
    await bench.run(
      `CREATE TABLE events AS SELECT CAST(${value} AS ${type}) AS k, TIMESTAMP '2024-01-01' AS t, 1 AS x FROM range(5) s(i)`,
    );
    const request = {
      keys: ["k"],
      time: "t",
      interval: DAY,
      metrics: metrics("x", ["sum"], [DAY]),
      lastStamp: LAST,
    };
    const given = await bench.rolled(
      request,
      (select, table) =>
        bench.rows(`SELECT typeof(k), CAST(k AS VARCHAR), t FROM (SELECT ${select} FROM ${table})`),
    );
    const expected = await bench.rows(
      `SELECT typeof(k), CAST(k AS VARCHAR), TIMESTAMP '2024-01-02' + to_days(d::INTEGER)
       FROM (SELECT DISTINCT k FROM events), range(2) r(d) ORDER BY k, d`,
    );
    assert.deepEqual(given, expected, type);
  }
});

Deno.test("rolling() lets the event loop turn while one key makes many rows", async () => {
  using bench = await workbench();
  await bench.run(
    `CREATE TABLE events AS SELECT 1 AS k, TIMESTAMP '2000-01-01' + to_minutes(i * 3) AS t, random() AS x
     FROM range(400000) s(i)`,
  );
  let turns = 0;
  const timer = setInterval(() => turns++);
  const request = {
    keys: ["k"],
    time: "t",
    interval: 60,
    metrics: metrics("x", ["sum"], [60, 3600]),
    lastStamp: LAST,
  };
  const seen: number[] = [];
  const { instance, connection } = bench;
  const rolled = await rolling({
    instance,
    connection,
    relation: "events",
    ...request,
    onRows: (n) => seen.push(n),
  });
  clearInterval(timer);
  await rolled.drop();
  assert.ok(turns >= 3, `${turns} turns of the event loop`);
  assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
  assert.equal(seen.at(-1), rolled.rows);
});

Deno.test("rolling() that is interrupted rejects, and leaves nothing behind", async () => {
  using bench = await workbench();
  await bench.run(
    `CREATE TABLE events AS SELECT 'user ' || (i % 1000) AS k, TIMESTAMP '2024-01-01' + to_minutes(i) AS t, 1 AS x
     FROM range(1500000) s(i)`,
  );
  const { instance, connection } = bench;
  const request = {
    keys: ["k"],
    time: "t",
    interval: DAY,
    metrics: metrics("x", ["median"], [DAY]),
    lastStamp: LAST,
  };
  const interrupt = () => connection.interrupt();
  await assert.rejects(
    rolling({ instance, connection, relation: "events", ...request, onRows: interrupt }),
    (error) => error instanceof MlforgeError && error.code === "interrupted",
  );
  assert.deepEqual(await leftBehind(bench), ["events"]);
});
