import assert from "node:assert/strict";
import { withBench } from "./store.ts";
import { ask, labels, refusal, visits } from "./visits.ts";

Deno.test("buckets: the newest stamp at or before the label, NULL before the first and beyond the data, all counted", async () => {
  await withBench(async (bench) => {
    await visits(bench);
    await labels(
      bench,
      `SELECT * FROM (VALUES
        (1, TIMESTAMP '2024-01-01 23:59:59.999999', 'before the first'), (1, TIMESTAMP '2024-01-02', 'at a stamp'),
        (1, TIMESTAMP '2024-01-03 12:00:00', 'between'), (1, TIMESTAMP '2024-01-04 23:59:59.999999', 'last moment'),
        (1, TIMESTAMP '2024-01-05', 'beyond'), (2, TIMESTAMP '2024-01-04', 'other user'),
        (3, TIMESTAMP '2024-01-04', 'no such user'), (NULL, TIMESTAMP '2024-01-04', 'no key'), (1, NULL, 'no time')
      ) v(user_id, seen_at, note)`,
    );
    const report = await ask(bench);
    assert.deepEqual(await bench.rows("SELECT note, visits__rows__count__1d__1d FROM '$DIR/out.parquet'"), [
      ["before the first", null],
      ["at a stamp", 10],
      ["between", 10],
      ["last moment", 30],
      ["beyond", null],
      ["other user", 7],
      ["no such user", null],
      ["no key", null],
      ["no time", null],
    ]);
    assert.deepEqual(report, {
      output: `${bench.folder}/out.parquet`,
      lock: `${bench.folder}/out.lock.json`,
      rows: 9,
      features: [{
        feature: "visits",
        version: "1.0.0",
        columns: ["visits__rows__count__1d__1d"],
        matched: 4,
        too_old: 0,
        unmatched: 4,
        beyond: 1,
      }],
      notes: [],
    });
  });
});

Deno.test("event times: a label never sees the row of its own moment", async () => {
  await withBench(async (bench) => {
    await bench.feature({
      name: "scores",
      sql:
        "SELECT 1 AS user_id, unnest([TIMESTAMP '2024-01-01', '2024-01-02']) AS seen_at, unnest(['a', 'b']) AS score",
      keys: ["user_id"],
      timestamp: "seen_at",
      stamp: "event",
      watermark: "2024-01-02T00:00:00Z",
    });
    await labels(
      bench,
      "SELECT 1 AS user_id, unnest([TIMESTAMP '2024-01-01', '2024-01-02', '2024-01-02 00:00:00.000001', '2030-01-01']) AS seen_at",
    );
    const report = await ask(bench, { features: ["scores"] });
    assert.deepEqual(await bench.rows("SELECT scores__score FROM '$DIR/out.parquet'"), [
      [null],
      ["a"],
      ["b"],
      ["b"],
    ]);
    assert.deepEqual(report.features[0]?.beyond, 0);
  });
});

Deno.test("buckets that the Python mlforge stamped at their start are seen from their end on", async () => {
  await withBench(async (bench) => {
    await bench.feature({
      name: "spend",
      sql: "SELECT 1 AS user_id, TIMESTAMP '2024-01-01' AS seen_at, 5 AS spend__amount__sum__1d__1d",
      keys: ["user_id"],
      timestamp: "seen_at",
      stamp: "bucket_start",
      interval: "1d",
      python: true,
    });
    await labels(
      bench,
      "SELECT 1 AS user_id, unnest([TIMESTAMP '2024-01-01 12:00:00', '2024-01-01 23:59:59.999999', '2024-01-02']) AS seen_at",
    );
    await ask(bench, { features: ["spend"] });
    assert.deepEqual(await bench.rows("SELECT spend__amount__sum__1d__1d FROM '$DIR/out.parquet'"), [[null], [
      null,
    ], [5]]);
  });
});

Deno.test("a feature without time joins by its key; labels then need no time", async () => {
  await withBench(async (bench) => {
    await bench.feature({
      name: "airports",
      sql: "SELECT * FROM (VALUES ('SFO', 'San Francisco'), ('BER', 'Berlin')) v(code, city)",
      keys: ["code"],
      stamp: "none",
    });
    await labels(bench, "SELECT unnest(['BER', 'XXX', 'SFO', NULL]) AS origin, unnest([1, 2, 3, 4]) AS city");
    const report = await ask(bench, { features: ["airports"], keys: { code: "origin" } });
    assert.deepEqual(await bench.rows("SELECT * FROM '$DIR/out.parquet'"), [
      ["BER", 1, "Berlin"],
      ["XXX", 2, null],
      ["SFO", 3, "San Francisco"],
      [null, 4, null],
    ]);
    assert.deepEqual(report.features[0]?.columns, ["airports__city"]);
    assert.deepEqual([report.features[0]?.matched, report.features[0]?.unmatched], [2, 2]);
  });
});

Deno.test("several features at once, of several keys, out of one snapshot; a version can be named", async () => {
  await withBench(async (bench) => {
    await visits(bench, "1.0.0");
    await bench.feature({
      name: "visits",
      version: "2.0.0",
      sql: "SELECT 1 AS user_id, TIMESTAMP '2024-01-02' AS seen_at, 99 AS visits__rows__count__1d__1d",
      keys: ["user_id"],
      timestamp: "seen_at",
      stamp: "bucket_end",
      interval: "1d",
      watermark: "2024-01-01T00:00:00Z",
      metrics: ["visits__rows__count__1d__1d"],
    });
    await bench.feature({
      name: "pairs",
      sql: "SELECT 1 AS user_id, 'x' AS shop, TIMESTAMP '2024-01-01' AS seen, 0.5 AS rate",
      keys: ["user_id", "shop"],
      timestamp: "seen",
      stamp: "event",
    });
    await labels(
      bench,
      "SELECT 1 AS user_id, unnest(['x', 'y']) AS shop, TIMESTAMP '2024-01-02' AS clicked, 'l' AS label",
    );
    const both = { features: ["pairs", "visits"], time: "clicked" };
    await ask(bench, both);
    assert.deepEqual(
      await bench.rows("SELECT * EXCLUDE (clicked) FROM '$DIR/out.parquet'"),
      [[1, "x", "l", "0.5", 99], [1, "y", "l", null, 99]],
    );
    const report = await ask(bench, { ...both, features: ["pairs", "visits@1.0.0"] });
    assert.deepEqual(report.features.map((f) => `${f.feature} ${f.version}`), [
      "pairs 1.0.0",
      "visits 1.0.0",
    ]);
    assert.deepEqual(await bench.rows("SELECT visits__rows__count__1d__1d FROM '$DIR/out.parquet'"), [[10], [
      10,
    ]]);
    await refusal(
      ask(bench, { features: ["pairs", "visits"] }),
      /call their times differently: seen, seen_at/,
      /--time/,
    );
  });
});

Deno.test("label columns, types, order and duplicates stay as they came", async () => {
  await withBench(async (bench) => {
    await visits(bench);
    await labels(
      bench,
      `SELECT (i % 3)::SMALLINT AS user_id, i AS n, hash(i) AS h, [i, i + 1] AS l, {a: i::VARCHAR} AS s, 1.50::DECIMAL(9, 2) AS d,
        TIMESTAMPTZ '2024-01-03 12:00:00+02' AS seen_at, NULL::FLOAT AS f FROM range(300000) r(i) ORDER BY hash(i)`,
    );
    const report = await ask(bench);
    assert.equal(report.rows, 300000);
    assert.deepEqual(
      await bench.rows(`SELECT count(*) FROM (
        SELECT * FROM read_parquet('$DIR/labels.parquet', file_row_number = true)
        EXCEPT SELECT * EXCLUDE (visits__rows__count__1d__1d) FROM read_parquet('$DIR/out.parquet', file_row_number = true))`),
      [["0"]],
    );
    const types = (file: string) =>
      bench.rows(`SELECT column_name, column_type FROM (DESCRIBE FROM '$DIR/${file}.parquet')`);
    assert.deepEqual((await types("out")).slice(0, -1), await types("labels"));
  });
});

Deno.test("CSV labels: keys stay text where the feature's are, and an ambiguous day is refused, not guessed", async () => {
  await withBench(async (bench) => {
    await bench.feature({
      name: "codes",
      sql: "SELECT '007' AS code, TIMESTAMP '2024-01-01' AS seen_at, 'Bond' AS agent",
      keys: ["code"],
      timestamp: "seen_at",
      stamp: "event",
    });
    const file = `${bench.folder}/labels.csv`;
    const run = () => ask(bench, { features: ["codes"], labels: file });
    await Deno.writeTextFile(file, "code,seen_at,y\n007,2024-03-04 10:00:00,1\n7,2024-03-04 10:00:00,0\n");
    await run();
    assert.deepEqual(await bench.rows("SELECT code, y, codes__agent FROM '$DIR/out.parquet'"), [
      ["007", "1", "Bond"],
      ["7", "0", null],
    ]);
    await Deno.writeTextFile(file, "code,seen_at,y\n007,03/04/2024,1\n");
    await refusal(run(), /"seen_at" of the labels fits two formats/, /format/);
    await Deno.writeTextFile(file, "code,seen_at,y\n007,13/04/2024,1\n");
    await run();
    assert.deepEqual(await bench.rows("SELECT seen_at, codes__agent FROM '$DIR/out.parquet'"), [[
      "13/04/2024",
      "Bond",
    ]]);
  });
});

Deno.test("JSON labels", async () => {
  await withBench(async (bench) => {
    await visits(bench);
    const file = `${bench.folder}/labels.jsonl`;
    await Deno.writeTextFile(
      file,
      '{"user_id": 1, "seen_at": "2024-01-02T00:00:00Z"}\n{"user_id": 2, "seen_at": "2024-01-02T00:00:00Z"}\n',
    );
    await ask(bench, { labels: file });
    assert.deepEqual(await bench.rows("SELECT visits__rows__count__1d__1d FROM '$DIR/out.parquet'"), [[10], [
      null,
    ]]);
  });
});

Deno.test("what is not there is named, with the nearest name", async () => {
  await withBench(async (bench) => {
    await visits(bench);
    await labels(bench, "SELECT 1 AS userid, TIMESTAMP '2024-01-02' AS seen_it");
    await refusal(ask(bench, { features: ["visit"] }), /No feature "visit"/, /Did you mean "visits"/);
    await refusal(
      ask(bench, { features: ["visits@1.0.1"] }),
      /"visits" has no version 1\.0\.1/,
      /There are: 1\.0\.0/,
    );
    await refusal(ask(bench, { features: ["visits@"] }), /Can't read "visits@" as a feature/, /name@version/);
    await refusal(ask(bench, { features: ["visits", "visits@1.0.0"] }), /asked for twice/, /two runs/);
    await refusal(ask(bench, { features: [] }), /No features/, /at least one/);
    await refusal(ask(bench), /no column "seen_at", needed as the labels' time/, /Did you mean "seen_it"/);
    await refusal(
      ask(bench, { time: "seen_it" }),
      /no column "user_id", needed as key "user_id" of feature "visits"/,
      /"userid"/,
    );
    await refusal(ask(bench, { keys: { user: "userid" } }), /No feature here has the key "user"/, /user_id/);
    await refusal(
      ask(bench, { labels: `${bench.folder}/none.parquet` }),
      /Can't read the labels/,
      /no such file/,
    );
    await refusal(
      ask(bench, { labels: `${bench.folder}/labels.xlsx` }),
      /Can't tell the format/,
      /\.parquet, \.csv/,
    );
    await refusal(ask(bench, { output: "out.xlsx" }), /Can't write "out.xlsx"/, /\.parquet/);
    const elsewhere = {
      time: "seen_it",
      keys: { user_id: "userid" },
      output: `${bench.folder}/none/out.parquet`,
    };
    await refusal(ask(bench, elsewhere), /Can't write into the folder/, /Make it/);
    await Deno.remove(`${bench.folder}/store/visits/1.0.0/data.parquet`);
    await refusal(
      ask(bench),
      /data of "visits" 1\.0\.0 is not here/,
      /mlforge sync --features visits/,
      "failed",
    );
  });
});

Deno.test("keys of another type are refused: 7 is not '7', nor 7.0", async () => {
  await withBench(async (bench) => {
    await visits(bench);
    for (const [sql, type] of [["'1'", "VARCHAR"], ["1::DOUBLE", "DOUBLE"], ["DATE '2024-01-01'", "DATE"]]) {
      await labels(bench, `SELECT ${sql} AS user_id, TIMESTAMP '2024-01-02' AS seen_at`);
      await refusal(
        ask(bench),
        new RegExp(
          `"user_id" of feature "visits" is of type INTEGER, the labels' column "user_id" of ${type}`,
        ),
        /CAST\("user_id" AS INTEGER\)/,
      );
    }
  });
});

Deno.test("a feature without time that has two rows of one key is refused", async () => {
  await withBench(async (bench) => {
    await bench.feature({
      name: "twice",
      sql: "SELECT 1 AS id, unnest([1, 2]) AS x",
      keys: ["id"],
      stamp: "none",
    });
    await labels(bench, "SELECT 1 AS id");
    await refusal(ask(bench, { features: ["twice"] }), /several rows for id=1/, /timestamp/, "failed");
  });
});

Deno.test("a column of the same name twice is refused, and an output that was there stays", async () => {
  await withBench(async (bench) => {
    await visits(bench);
    await labels(
      bench,
      "SELECT 1 AS user_id, TIMESTAMP '2024-01-02' AS seen_at, 5 AS Visits__rows__count__1d__1d",
    );
    await Deno.writeTextFile(`${bench.folder}/out.parquet`, "old");
    await refusal(ask(bench), /Both the labels and feature "visits" have a column/, /Rename/);
    assert.equal(await Deno.readTextFile(`${bench.folder}/out.parquet`), "old");
    const files = [...Deno.readDirSync(bench.folder)].map(({ name }) => name).sort();
    assert.deepEqual(files, ["labels.parquet", "out.parquet", "store"]);
  });
});

Deno.test("the labels' own file can be the output", async () => {
  await withBench(async (bench) => {
    await visits(bench);
    await labels(bench, "SELECT 1 AS user_id, TIMESTAMP '2024-01-02' AS seen_at");
    await ask(bench, { output: `${bench.folder}/labels.parquet` });
    assert.deepEqual(await bench.rows("SELECT visits__rows__count__1d__1d FROM '$DIR/labels.parquet'"), [[
      10,
    ]]);
  });
});

Deno.test("no labels give a file of no rows", async () => {
  await withBench(async (bench) => {
    await visits(bench);
    await labels(bench, "SELECT 1 AS user_id, TIMESTAMP '2024-01-02' AS seen_at WHERE false");
    assert.equal((await ask(bench)).rows, 0);
    assert.deepEqual(await bench.rows("SELECT count(*) FROM '$DIR/out.parquet'"), [["0"]]);
  });
});
