import assert from "node:assert/strict";
import { tableFromIPC } from "apache-arrow";
import { withBench } from "./store.ts";
import { ask, labels, profile, refusal, visits } from "./visits.ts";

const COLUMN = "visits__rows__count__1d__1d";
const BEYOND = `SELECT * FROM (VALUES
  (1, TIMESTAMP '2024-01-03 12:00:00'), (1, TIMESTAMP '2024-01-05'), (3, TIMESTAMP '2024-01-03'), (2, TIMESTAMP '2024-02-01')
) v(user_id, seen_at)`;

Deno.test("labels beyond the data get NULL, or the last row where that is asked for, or end the run", async () => {
  await withBench(async (bench) => {
    await visits(bench);
    await labels(bench, BEYOND);
    const values = () => bench.rows(`SELECT ${COLUMN} FROM '$DIR/out.parquet'`);
    const usual = await ask(bench);
    assert.deepEqual(await values(), [[10], [null], [null], [null]]);
    assert.equal(usual.features[0]?.beyond, 2);
    const used = await ask(bench, { afterWatermark: "use" });
    assert.deepEqual(await values(), [[10], [30], [null], [7]]);
    assert.deepEqual([used.features[0]?.matched, used.features[0]?.beyond], [3, 0]);
    const before = await Deno.readFile(`${bench.folder}/out.parquet`);
    await refusal(
      ask(bench, { afterWatermark: "error" }),
      /2 labels lie beyond the data of feature "visits" 1\.0\.0, the first at 2024-01-05 00:00:00/,
      /Its watermark is 2024-01-03T20/,
      "failed",
    );
    assert.deepEqual(await Deno.readFile(`${bench.folder}/out.parquet`), before);
    await labels(bench, "SELECT 1 AS user_id, TIMESTAMP '2024-01-03' AS seen_at");
    await ask(bench, { afterWatermark: "error" });
  });
});

Deno.test("a row that is older than the age allowed counts as none: exactly the age is allowed", async () => {
  await withBench(async (bench) => {
    await visits(bench);
    await labels(
      bench,
      `SELECT * FROM (VALUES (1, TIMESTAMP '2024-01-03'), (1, TIMESTAMP '2024-01-03 00:00:00.000001'),
        (1, TIMESTAMP '2024-01-04 06:00:00'), (3, TIMESTAMP '2024-01-03')) v(user_id, seen_at)`,
    );
    const report = await ask(bench, { maxAge: { visits: 86_400 } });
    assert.deepEqual(await bench.rows(`SELECT ${COLUMN} FROM '$DIR/out.parquet'`), [[10], [null], [30], [
      null,
    ]]);
    const { matched, unmatched, beyond, too_old } = report.features[0] ?? assert.fail();
    assert.deepEqual({ matched, unmatched, beyond, too_old }, {
      matched: 2,
      unmatched: 1,
      beyond: 0,
      too_old: 1,
    });
    await refusal(ask(bench, { maxAge: { visit: 1 } }), /"visit" has an age and is not asked for/, /visits/);
  });
});

Deno.test("columns are chosen by name, in the order asked for", async () => {
  await withBench(async (bench) => {
    await profile(bench);
    await labels(bench, "SELECT 1 AS user_id UNION ALL SELECT 2");
    const report = await ask(bench, { features: ["profile@1.0.0:age+city"] });
    assert.deepEqual(report.features[0]?.columns, ["profile__age", "profile__city"]);
    assert.deepEqual(await bench.rows("SELECT * FROM '$DIR/out.parquet'"), [[1, 40, "Bern"], [
      2,
      null,
      null,
    ]]);
    await refusal(
      ask(bench, { features: ["profile:agee"] }),
      /"profile" 1\.0\.0 has no column "agee"/,
      /"age"/,
    );
    await refusal(ask(bench, { features: ["profile:user_id"] }), /has no column "user_id"/, /./);
    await refusal(
      ask(bench, { features: ["profile:age+age"] }),
      /"age" of feature "profile" is asked for twice/,
      /^$/,
    );
    await refusal(ask(bench, { features: ["profile:"] }), /Can't read "profile:"/, /column\+column/);
    await refusal(
      ask(bench, { features: ["profile"], maxAge: { profile: 1 } }),
      /declared without time/,
      /^$/,
    );
  });
});

Deno.test("a fill stands where a label has no row, and never where a row holds NULL", async () => {
  await withBench(async (bench) => {
    await profile(bench);
    await labels(bench, "SELECT 1 AS user_id UNION ALL SELECT 2");
    const fill = { numbers: "-1", columns: { profile__city: "nowhere" } };
    await ask(bench, { features: ["profile"], fill });
    assert.deepEqual(await bench.rows("SELECT * FROM '$DIR/out.parquet'"), [
      [1, "Bern", 40, null],
      [2, "nowhere", -1, -1],
    ]);
    await refusal(
      ask(bench, { features: ["profile"], fill: { numbers: "0.5", columns: {} } }),
      /Can't fill column "profile__age" of type INTEGER with "0\.5"/,
      /column=value/,
    );
    await refusal(
      ask(bench, { features: ["profile"], fill: { columns: { profile__town: "x" } } }),
      /Can't fill column "profile__town"/,
      /./,
    );
  });
});

Deno.test("labels come from several files in the order of their names, and from a stream", async () => {
  await withBench(async (bench) => {
    await visits(bench);
    await Deno.writeTextFile(`${bench.folder}/part-2.csv`, "user_id,seen_at\n2,2024-01-03\n");
    await Deno.writeTextFile(`${bench.folder}/part-1.csv`, "seen_at,user_id,note\n2024-01-02,1,first\n");
    await ask(bench, { labels: `${bench.folder}/part-*.csv` });
    assert.deepEqual(await bench.rows(`SELECT user_id, note, ${COLUMN} FROM '$DIR/out.parquet'`), [
      ["1", "first", 10],
      ["2", null, 7],
    ]);
    const stream = new Blob(['{"user_id": 2, "seen_at": "2024-01-04T00:00:00"}\n']).stream();
    await ask(bench, { labels: { stream, format: "json" } });
    assert.deepEqual(await bench.rows(`SELECT user_id, ${COLUMN} FROM '$DIR/out.parquet'`), [["2", 7]]);
    await refusal(ask(bench, { labels: `${bench.folder}/none-*.csv` }), /No file matches/, /^$/);
    const empty = new Blob([]).stream();
    await refusal(
      ask(bench, { labels: { stream: empty, format: "csv" } }),
      /There are no labels in "standard input"/,
      /./,
    );
  });
});

Deno.test("the output is Parquet, CSV or Arrow, with the same rows", async () => {
  await withBench(async (bench) => {
    await visits(bench);
    // More rows than one slice of Arrow's file holds.
    await labels(
      bench,
      `SELECT (i % 3)::INTEGER AS user_id, TIMESTAMP '2024-01-02' + to_hours((i % 48)::INTEGER) AS seen_at,
        'note ' || i AS note, i::DECIMAL(9, 2) AS amount FROM range(130000) t(i)`,
    );
    await ask(bench);
    await ask(bench, { output: `${bench.folder}/out.csv` });
    await ask(bench, { output: `${bench.folder}/out.arrow` });
    const differ = await bench.rows(
      `SELECT count(*) FROM '$DIR/out.parquet' p POSITIONAL JOIN '$DIR/out.csv' c
       WHERE (p.user_id, p.seen_at, p.note, p.amount, p.${COLUMN})
         IS DISTINCT FROM (c.user_id, c.seen_at, c.note, c.amount, c.${COLUMN})`,
    );
    assert.deepEqual(differ, [["0"]]);
    const table = tableFromIPC(await Deno.readFile(`${bench.folder}/out.arrow`));
    assert.equal(table.numRows, 130_000);
    assert.deepEqual(table.schema.fields.map(({ name, type }) => `${name} ${type}`), [
      "user_id Int32",
      "seen_at Timestamp<MICROSECOND>",
      "note Utf8",
      "amount Decimal[9e+2]",
      `${COLUMN} Int32`,
    ]);
    const last = await bench.rows(
      `SELECT note, ${COLUMN} FROM read_parquet('$DIR/out.parquet', file_row_number = true)
       WHERE file_row_number IN (0, 122880, 129999)`,
    );
    for (const [i, row] of [0, 122_880, 129_999].entries()) {
      assert.deepEqual([table.getChild("note")?.get(row), table.getChild(COLUMN)?.get(row)], last[i]);
    }
  });
});

Deno.test("labels without a time, and beyond the data, get no row among many either: DuckDB joins few of them otherwise", async () => {
  await withBench(async (bench) => {
    await visits(bench);
    await labels(
      bench,
      `SELECT 1 AS user_id, CASE i % 3 WHEN 0 THEN TIMESTAMP '2024-01-03' WHEN 1 THEN TIMESTAMP '2024-02-01' END AS seen_at
       FROM range(3000) t(i)`,
    );
    const { features: [report] } = await ask(bench);
    const { matched, unmatched, beyond } = report ?? {};
    assert.deepEqual({ matched, unmatched, beyond }, { matched: 1000, unmatched: 1000, beyond: 1000 });
    assert.deepEqual(
      await bench.rows(
        `SELECT DISTINCT CAST(seen_at AS VARCHAR), visits__rows__count__1d__1d FROM '$DIR/out.parquet'
        ORDER BY ALL NULLS FIRST`,
      ),
      [[null, null], ["2024-01-03 00:00:00", 10], ["2024-02-01 00:00:00", null]],
    );
  });
});
