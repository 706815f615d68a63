import assert from "node:assert/strict";
import { checkError } from "../../../src/engines/duckdb/checks/result.ts";
import { ask, type Asked, values } from "./bench.ts";

const x = { column: "x" } as const;

Deno.test("a failure shows the first five rows by key, and what there are", async () => {
  const rows = `SELECT 100 - range AS id, -range AS x FROM range(100)`;
  const [found] = await ask(rows, [{ kind: "greater_than_or_equal", ...x, value: 0 }]);
  assert(found !== undefined);
  assert.deepEqual(found.examples, {
    columns: ["id", "x"],
    rows: [["1", "-99"], ["2", "-98"], ["3", "-97"], ["4", "-96"], ["5", "-95"]],
  });
  const error = checkError("one", found);
  assert.equal(
    error.message,
    'Check greater_than_or_equal of x of feature "one" failed: 99 of 100 rows do not pass',
  );
  assert.deepEqual([error.place?.line, error.code], [7, "failed"]);
  assert.deepEqual(error.toPlain().failedCheck?.examples, found.examples);
});

Deno.test("values of a column without statistics are shown nowhere", async () => {
  const asked: Asked[] = [
    { kind: "sql", expression: "CAST(x AS INTEGER) > 0" },
    { kind: "unique_key", columns: ["x"] },
    { kind: "sql", expression: "CAST(COLUMNS('x') AS INTEGER) > 0" },
  ];
  const found = await ask(values("VARCHAR", ["'secret'", "'secret'"]), asked, { hidden: ["x"] });
  assert.deepEqual(found.map(({ examples }) => examples?.rows), [
    [["1", "(hidden)"], ["2", "(hidden)"]],
    [["1", "(hidden)"], ["2", "(hidden)"]],
    [["1", "(hidden)"], ["2", "(hidden)"]],
  ]);
  assert(!JSON.stringify(found).includes("secret"));
});

Deno.test("an expression that can't be computed on some rows shows those first, and says why", async () => {
  const written = ["'-1'", "'-2'", "'-3'", "'-4'", "'-5'", "'7'", "'seven'", "NULL"];
  const [found] = await ask(values("VARCHAR", written), [{
    kind: "sql",
    expression: "CAST(x AS INTEGER) > 0",
  }]);
  assert.equal(found?.failing, 7);
  assert.deepEqual(found?.examples?.rows[0], ["7", "seven"]);
  assert.match(found?.hint ?? "", /can't be computed: Could not convert string 'seven' to INT32/);
});

const REFUSED: [asked: Asked, type: string, says: RegExp, hint: RegExp][] = [
  [{ kind: "not_null", column: "y" }, "INTEGER", /names a column "y", which is not there/, /"x"/],
  [{ kind: "greater_than", ...x, value: "a" }, "INTEGER", /can't be asked of type int32/, /"a" is no value/],
  [{ kind: "greater_than", ...x, value: 1 }, "VARCHAR", /can't be asked of type utf8/, /"1" is no value/],
  [{ kind: "less_than", ...x, value: "soon" }, "TIMESTAMP", /type timestamp\[us\]/, /"soon" is no value/],
  [{ kind: "in_range", ...x, min: 0 }, "BOOLEAN", /type bool/, /numbers, times and text/],
  [{ kind: "matches_regex", ...x, pattern: "a" }, "INTEGER", /type int32/, /It takes text/],
  [{ kind: "matches_regex", ...x, pattern: "(" }, "VARCHAR", /pattern "\("/, /RE2/],
  [{ kind: "length", ...x, min: 0 }, "INTEGER", /type int32/, /text and lists/],
  [{ kind: "is_in", ...x, values: [1, true] }, "INTEGER", /type int32/, /"true" is no value/],
  [{ kind: "not_in_future", ...x }, "INTEGER", /type int32/, /times and dates/],
  [{ kind: "sql", expression: "x + 1" }, "INTEGER", /is INTEGER, not true or false/, /condition/],
  [{ kind: "sql", expression: "sum(x) > 1" }, "INTEGER", /WHERE clause cannot contain aggregates/, /./],
  [{ kind: "sql", expression: "x > 0) FROM secrets --" }, "INTEGER", /can't be parsed|parser/i, /./],
  [{ kind: "sql", expression: "x > random()" }, "INTEGER", /calls random\(\)/, /rebuild/],
  [{ kind: "sql", expression: "x IN (SELECT a FROM other)" }, "INTEGER", /reads "other"/, /./],
  [{ kind: "sql", expression: "y > 1" }, "INTEGER", /"y" not found/, /Candidate/],
];

for (const [asked, type, says, hint] of REFUSED) {
  const what = "expression" in asked ? asked.expression : JSON.stringify(asked);
  Deno.test(`a check is refused at its place: ${what} of ${type}`, async () => {
    await assert.rejects(ask(values(type, ["NULL"]), [asked]), (error: Error & Record<string, unknown>) => {
      assert.match(error.message, says);
      assert.match(String(error["hint"] ?? "."), hint);
      assert.equal((error["place"] as { line: number }).line, 7);
      return true;
    });
  });
}

Deno.test("a regular expression that would hang a backtracking engine is read in linear time", async () => {
  const [found] = await ask(`SELECT 1 AS id, repeat('a', 100000) || 'b' AS x`, [
    { kind: "matches_regex", ...x, pattern: "^(a+)+$" },
  ]);
  assert.equal(found?.passed, false);
});
