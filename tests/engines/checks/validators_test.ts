import assert from "node:assert/strict";
import { ask, type Asked, values } from "./bench.ts";

/** Values that all pass, and values each of which fails alone. NULL passes everything but not_null. */
interface Case {
  what: string;
  check: Asked;
  type: string;
  pass: string[];
  fail: string[];
}

const x = { column: "x" } as const;
const NAN = "'nan'";
const INF = "'inf'";

const CASES: Case[] = [
  { what: "integers", check: { kind: "not_null", ...x }, type: "BIGINT", pass: ["1", "0"], fail: ["NULL"] },
  {
    what: "floats, of which NaN is one",
    check: { kind: "not_null", ...x },
    type: "DOUBLE",
    pass: ["1.5", NAN, INF],
    fail: ["NULL"],
  },
  {
    what: "floats",
    check: { kind: "greater_than", ...x, value: 0.1 },
    type: "DOUBLE",
    pass: ["0.2", INF, "NULL"],
    fail: ["0.1", "-1", "'-inf'", NAN],
  },
  {
    what: "decimals, exactly",
    check: { kind: "greater_than", ...x, value: 0.1 },
    type: "DECIMAL(10, 2)",
    pass: ["0.11", "NULL"],
    fail: ["0.10"],
  },
  {
    what: "integers beyond what a double tells apart",
    check: { kind: "greater_than", ...x, value: "9007199254740992" },
    type: "BIGINT",
    pass: ["9007199254740993"],
    fail: ["9007199254740992"],
  },
  {
    what: "times, in UTC where the check says nothing",
    check: { kind: "greater_than", ...x, value: "2026-01-01T02:00:00+02:00" },
    type: "TIMESTAMP",
    pass: ["'2026-01-01 00:00:00.000001'"],
    fail: ["'2026-01-01 00:00:00'"],
  },
  {
    what: "moments",
    check: { kind: "less_than", ...x, value: "2026-01-01" },
    type: "TIMESTAMPTZ",
    pass: ["'2026-01-01 00:30:00+01:00'", "NULL"],
    fail: ["'2026-01-01 00:00:00Z'"],
  },
  {
    what: "dates",
    check: { kind: "less_than_or_equal", ...x, value: "2026-01-01" },
    type: "DATE",
    pass: ["'2026-01-01'"],
    fail: ["'2026-01-02'"],
  },
  {
    what: "floats",
    check: { kind: "greater_than_or_equal", ...x, value: 0 },
    type: "FLOAT",
    pass: ["0", "'-0'", "1", "NULL"],
    fail: ["'-1e-30'", NAN],
  },
  {
    what: "floats",
    check: { kind: "less_than", ...x, value: 1e21 },
    type: "DOUBLE",
    pass: ["1", "'-inf'"],
    fail: ["1e21", INF, NAN],
  },
  {
    what: "text",
    check: { kind: "less_than_or_equal", ...x, value: "m" },
    type: "VARCHAR",
    pass: ["'a'", "'m'", "''", "NULL"],
    fail: ["'ma'"],
  },
  {
    what: "both ends, which are inside",
    check: { kind: "in_range", ...x, min: 0, max: 1 },
    type: "DOUBLE",
    pass: ["0", "1", "0.5", "NULL"],
    fail: ["-1e-300", "1.0000001", NAN, INF, "'-inf'"],
  },
  {
    what: "one end",
    check: { kind: "in_range", ...x, min: -1 },
    type: "INTEGER",
    pass: ["-1", "2147483647"],
    fail: ["-2"],
  },
  {
    what: "anywhere in a text",
    check: { kind: "matches_regex", ...x, pattern: "b+" },
    type: "VARCHAR",
    pass: ["'abc'", "NULL"],
    fail: ["''", "'ac'"],
  },
  {
    what: "whole texts, quotes included",
    check: { kind: "matches_regex", ...x, pattern: "^it's$" },
    type: "VARCHAR",
    pass: ["'it''s'"],
    fail: ["'it''s so'"],
  },
  {
    what: "text",
    check: { kind: "is_in", ...x, values: ["a", "it's"] },
    type: "VARCHAR",
    pass: ["'a'", "'it''s'", "NULL"],
    fail: ["'A'", "''"],
  },
  {
    what: "floats",
    check: { kind: "is_in", ...x, values: [1, 2.5] },
    type: "DOUBLE",
    pass: ["1", "2.5", "NULL"],
    fail: ["2", NAN],
  },
  {
    what: "true and false",
    check: { kind: "is_in", ...x, values: [true] },
    type: "BOOLEAN",
    pass: ["true", "NULL"],
    fail: ["false"],
  },
  {
    what: "times",
    check: { kind: "is_in", ...x, values: ["2026-01-01"] },
    type: "TIMESTAMP",
    pass: ["'2026-01-01'"],
    fail: ["'2026-01-01 00:00:01'"],
  },
  {
    what: "floats",
    check: { kind: "not_in", ...x, values: [-1, 0] },
    type: "DOUBLE",
    pass: ["1", NAN, INF, "NULL"],
    fail: ["-1", "'-0'"],
  },
  {
    what: "ENUMs",
    check: { kind: "not_in", ...x, values: ["b", "z"] },
    type: "ENUM('a', 'b')",
    pass: ["'a'", "NULL"],
    fail: ["'b'"],
  },
  {
    what: "characters, not bytes",
    check: { kind: "length", ...x, min: 1, max: 2 },
    type: "VARCHAR",
    pass: ["'a'", "'東京'", "NULL"],
    fail: ["''", "'abc'"],
  },
  {
    what: "lists",
    check: { kind: "length", ...x, max: 1 },
    type: "INTEGER[]",
    pass: ["[]", "[1]", "NULL"],
    fail: ["[1, 2]"],
  },
  {
    what: "times and dates",
    check: { kind: "not_in_future", ...x },
    type: "TIMESTAMP",
    pass: ["'2026-01-10 00:00:00'", "NULL"],
    fail: ["'2026-01-10 00:00:00.001'"],
  },
  {
    what: "expressions, of which NULL is not true",
    check: { kind: "sql", expression: "x > 0 -- positive" },
    type: "DOUBLE",
    pass: ["1"],
    fail: ["0", "NULL"],
  },
];

for (const { what, check, type, pass, fail } of CASES) {
  Deno.test(`${check.kind} takes ${what}: right data passes, one wrong row fails`, async () => {
    const [right] = await ask(values(type, pass), [check]);
    assert.deepEqual([right?.passed, right?.failing], [true, 0]);
    for (const bad of fail) {
      const [wrong] = await ask(values(type, [...pass, bad]), [check]);
      assert.deepEqual([wrong?.passed, wrong?.failing], [false, 1], bad);
      const [example] = wrong?.examples?.rows ?? [];
      assert.equal(example?.[0], String(pass.length + 1), `the row of ${bad} is shown`);
    }
  });
}

Deno.test("unique counts all rows that have an equal; NULLs are none, NaNs are", async () => {
  for (
    const [type, pass, again] of [
      ["INTEGER", ["1", "2", "NULL", "NULL"], "2"],
      ["DOUBLE", ["1", NAN, INF, "NULL"], NAN],
      ["VARCHAR", ["'a'", "'A'", "''", "NULL"], "'a'"],
      ["INTEGER[]", ["[1]", "[1, 2]", "[]"], "[1, 2]"],
    ] as const
  ) {
    const [right] = await ask(values(type, pass), [{ kind: "unique", ...x }]);
    assert.deepEqual([right?.passed, right?.failing], [true, 0], type);
    const [wrong] = await ask(values(type, [...pass, again]), [{ kind: "unique", ...x }]);
    assert.deepEqual([wrong?.passed, wrong?.failing, wrong?.examples?.rows.length], [false, 2, 2], type);
  }
});

Deno.test("unique_key is of keys and time, or of the columns named; rows with a NULL there are left out", async () => {
  const rows = (last: string) =>
    `SELECT * FROM (VALUES (1, DATE '2026-01-01', 'a'), (1, DATE '2026-01-02', 'a'),
      (NULL, DATE '2026-01-01', 'a'), (NULL, DATE '2026-01-01', 'b'), ${last}) v(id, day, s)`;
  const asked: Asked[] = [{ kind: "unique_key" }, { kind: "unique_key", columns: ["id", "s"] }];
  const right = await ask(rows("(2, DATE '2026-01-02', 'a')"), asked, { time: "day" });
  assert.deepEqual(right.map(({ failing }) => failing), [0, 2]);
  const wrong = await ask(rows("(1, DATE '2026-01-02', 'b')"), asked, { time: "day" });
  assert.deepEqual(wrong.map(({ failing, passed }) => [failing, passed]), [[2, false], [2, false]]);
  assert.deepEqual(wrong[0]?.examples?.rows, [["1", "2026-01-02"], ["1", "2026-01-02"]]);
});

Deno.test("type takes Arrow's and DuckDB's names", async () => {
  const found = await ask(values("BIGINT", ["1"]), [
    { kind: "type", ...x, type: "int64" },
    { kind: "type", ...x, type: "bigint" },
    { kind: "type", ...x, type: "int32" },
  ]);
  assert.deepEqual(found.map(({ passed }) => passed), [true, true, false]);
  assert.equal(found[2]?.found, "it is int64, not int32");
});

Deno.test("row_count fails one row below and one row above its bounds", async () => {
  const asked: Asked = { kind: "row_count", min: 2, max: 3 };
  const passed = async (rows: number) =>
    (await ask(`SELECT 1 AS id FROM range(${rows})`, [asked]))[0]?.passed;
  assert.deepEqual(await Promise.all([1, 2, 3, 4].map(passed)), [false, true, true, false]);
});

Deno.test("fresh fails a millisecond after its time, and without any time", async () => {
  const asked: Asked = { kind: "fresh", within: { text: "1d", seconds: 86400 } };
  const newest = async (...times: string[]) =>
    (await ask(values("TIMESTAMP", times), [asked], { time: "x" }))[0]?.passed;
  assert.equal(await newest("'2026-01-09 00:00:00'", "'2020-01-01'"), true);
  assert.equal(await newest("'2026-01-08 23:59:59.999'"), false);
  assert.equal(await newest("NULL"), false);
});

Deno.test("referential fails a value that is nowhere in the source; NULLs on either side are nothing", async () => {
  const setup = "CREATE VIEW _mlforge_lookup_shops AS SELECT * FROM (VALUES (1), (2), (NULL)) v(shop)";
  const asked: Asked = { kind: "referential", ...x, source: "shops", references: "shop" };
  const [right] = await ask(values("INTEGER", ["1", "2", "2", "NULL"]), [asked], { setup });
  assert.deepEqual([right?.passed, right?.looked], [true, 3]);
  const [wrong] = await ask(values("INTEGER", ["1", "3", "NULL"]), [asked], { setup });
  assert.deepEqual([wrong?.failing, wrong?.examples?.rows], [1, [["2", "3"]]]);
  await assert.rejects(
    ask(values("INTEGER", ["1"]), [{ ...asked, references: "shp" } as Asked], { setup }),
    { message: /looks for a column "shp" in source "shops"/, hint: 'Did you mean "shop"?' },
  );
});

Deno.test("mostly allows exactly its share of the rows that have a value", async () => {
  const rows = (bad: number) =>
    `SELECT range AS id, CASE WHEN range < ${bad} THEN -1 WHEN range < 100 THEN 1 END AS x
    FROM range(150)`;
  const asked: Asked = { kind: "in_range", ...x, min: 0, mostly: 0.97 };
  const passed = async (bad: number) => (await ask(rows(bad), [asked]))[0];
  assert.deepEqual([(await passed(3))?.passed, (await passed(3))?.failing], [true, 3]);
  assert.equal((await passed(4))?.passed, false);
});

Deno.test("no rows pass every check but row_count and fresh", async () => {
  const found = await ask(`${values("INTEGER", ["1"])} WHERE false`, [
    { kind: "not_null", ...x },
    { kind: "unique", ...x },
    { kind: "in_range", ...x, min: 0, mostly: 0.5 },
    { kind: "row_count", min: 1 },
  ]);
  assert.deepEqual(found.map(({ passed }) => passed), [true, true, true, false]);
});
