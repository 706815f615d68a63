import assert from "node:assert/strict";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { plan } from "../../src/build/plan.ts";
import { MlforgeError } from "../../src/error.ts";
import { openWorkshop, rowsOf } from "../build/workshop.ts";

const definitions = (
  source: string,
  sql = "select user, sum(amount)::bigint as total from events group by user",
) =>
  `name: shop
sources:
  events: ${source}
features:
  total: {source: events, keys: [user], sql: "${sql}"}
`;

async function totals(
  files: Record<string, string>,
  source: string,
  prepare?: (folder: string) => Promise<void>,
) {
  await using shop = await openWorkshop({ "definitions.yaml": definitions(source), ...files });
  await prepare?.(shop.folder);
  await shop.build();
  return await rowsOf(await shop.data("total"));
}

const EXPECTED = [["ann", "30"], ["bob", "5"]];

const CASES: [what: string, source: string, files: Record<string, string>][] = [
  ["a CSV file", "{path: e.csv}", { "e.csv": "user,amount\nann,10\nbob,5\nann,20\n" }],
  ["a CSV file with a delimiter", "{path: e.csv, delimiter: ';'}", {
    "e.csv": "user;amount\nann;10\nbob;5\nann;20\n",
  }],
  [
    "a CSV file with types",
    "{path: e.csv, types: {amount: DOUBLE}}",
    { "e.csv": "user,amount\nann,10\nbob,5\nann,20\n" },
  ],
  ["lines of JSON", "{path: e.jsonl}", {
    "e.jsonl": '{"user":"ann","amount":30}\n{"user":"bob","amount":5}\n',
  }],
  [
    "JSON with types",
    "{path: e.json, types: {amount: BIGINT}}",
    { "e.json": '[{"user":"ann","amount":"30"},{"user":"bob","amount":"5"}]' },
  ],
  ["a file of another name, format given", "{path: e.dat, format: csv}", {
    "e.dat": "user,amount\nann,30\nbob,5\n",
  }],
  ["a glob", "{path: 'in/*.csv'}", {
    "in/a.csv": "user,amount\nann,10\nbob,5\n",
    "in/b.csv": "user,amount\nann,20\n",
  }],
  [
    "a folder",
    "{path: in, format: csv}",
    {
      "in/a.csv": "user,amount\nann,10\nbob,5\n",
      "in/deep/b.csv": "user,amount\nann,20\n",
      "in/notes.md": "no",
    },
  ],
  [
    "files whose columns stand in another order",
    "{path: 'in/*.csv'}",
    { "in/a.csv": "user,amount\nann,10\nbob,5\n", "in/b.csv": "amount,user\n20,ann\n" },
  ],
  [
    "a folder with hive partitions",
    "{path: in, format: csv}",
    { "in/user=ann/a.csv": "amount\n10\n20\n", "in/user=bob/a.csv": "amount\n5\n" },
  ],
];

for (const [what, source, files] of CASES) {
  Deno.test(`A source can be ${what}`, async () => {
    assert.deepEqual(await totals(files, source), EXPECTED);
  });
}

Deno.test("A source can be a Parquet file", async () => {
  const rows = await totals({}, "{path: e.parquet}", async (folder) => {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    await connection.run(
      `COPY (SELECT * FROM (VALUES ('ann', 30), ('bob', 5)) t(user, amount)) TO '${
        join(folder, "e.parquet")
      }'`,
    );
    connection.closeSync();
    instance.closeSync();
  });
  assert.deepEqual(rows, EXPECTED);
});

async function days(days: string, source = "{path: e.csv}", timestamp = "day") {
  await using shop = await openWorkshop({
    "definitions.yaml": `name: shop
sources:
  events: ${source}
features:
  seen: {source: events, keys: [user], timestamp: ${timestamp}}
`,
    "e.csv": `user,day\n${days.split(" ").map((day, i) => `u${i},${day}\n`).join("")}`,
  });
  await shop.build();
  return (await rowsOf(await shop.data("seen"))).map((row) => row[1]);
}

Deno.test("A CSV's day that could be a month is refused, not guessed", async () => {
  await assert.rejects(
    days("03/04/2024 05/06/2024"),
    /Column "day" of feature "seen" fits two formats, %d\/%m\/%Y and %m\/%d\/%Y/,
  );
  assert.deepEqual(await days("03/04/2024 13/06/2024"), ["2024-04-03 00:00:00", "2024-06-13 00:00:00"]);
  assert.deepEqual(await days("03/04/2024", "{path: e.csv}", "{column: day, format: '%m/%d/%Y'}"), [
    "2024-03-04 00:00:00",
  ]);
  assert.deepEqual(await days("2024-03-04"), ["2024-03-04 00:00:00"]);
  await assert.rejects(days("03-04-2024"), /has "03-04-2024", which fits no time format/);
});

Deno.test("A CSV's day declared as DATE is refused where the reader would have to guess its format", async () => {
  const declared = "{path: e.csv, types: {day: DATE}}";
  await assert.rejects(days("03/04/2024", declared), (error) => {
    assert(error instanceof MlforgeError);
    assert.match(error.message, /Column "day" of source "events" is declared DATE/);
    assert.equal(error.place?.line, 3);
    return true;
  });
  assert.deepEqual(await days("2024-03-04", declared), ["2024-03-04 00:00:00"]);
});

Deno.test("SQL of a feature can't read a file beside its sources, even through a source's name", async () => {
  await using shop = await openWorkshop({
    "definitions.yaml": definitions("{path: e.csv}", "select * from 'secret.csv'"),
    "e.csv": "user,amount\nann,1\n",
    "secret.csv": "user,total\nann,1\n",
  });
  await assert.rejects(shop.build(), /reads "secret.csv", which is none of its sources/);
});

/** Values of a feature that shares its source with another one, which needs one column only. */
async function beside(sql: string) {
  await using shop = await openWorkshop({
    "definitions.yaml": `name: shop
sources:
  events: {path: e.csv}
features:
  lean: {source: events, keys: [user], sql: select distinct user from events}
  total: {source: events, keys: [user], sql: "${sql}"}
`,
    "e.csv": "user,amount,shop\nann,10,1\n",
  });
  await shop.build({ workers: 1 });
  return await rowsOf(await shop.data("total"));
}

Deno.test("Features that share a source see all its columns, as each does alone", async () => {
  assert.deepEqual(await beside("select user, e::varchar as row from events e"), [
    ["ann", "{'user': ann, 'amount': 10, 'shop': 1}"],
  ]);
  assert.deepEqual(await beside("select a as user, c as shop from events as e(a, b, c)"), [["ann", "1"]]);
  assert.deepEqual(
    await beside("select user, count(*) as n from events pivot (sum(amount) for shop in (1)) group by user"),
    [["ann", "1"]],
  );
  await assert.rejects(beside("select user, max(rowid) as r from events group by user"), /"rowid" not found/);
});

Deno.test("Two columns of one name are refused, not renamed", async () => {
  await assert.rejects(beside("select user, 1 as a, 2 as A from events"), /has two columns "A"/);
  await assert.rejects(
    beside("select * from events a join events b on a.user = b.user"),
    /has two columns "user"/,
  );
});

Deno.test("A mistake in SQL does not put the blame on the source's file", async () => {
  const hint = (sql: string) =>
    beside(sql).then(() => assert.fail(), (error) => (assert(error instanceof MlforgeError), error.hint));
  assert.equal(await hint("select user, ? as x from events"), undefined);
  assert.equal(await hint("select user, error('no') as x from events"), undefined);
});

Deno.test("--dry-run names the feature whose Parquet can't be read", async () => {
  await using shop = await openWorkshop({
    "definitions.yaml": definitions("{path: e.parquet}"),
    "e.parquet": "no",
  });
  const request = { project: await shop.load(), store: shop.store, command: "mlforge build" };
  await assert.rejects(plan(request), (error) => {
    assert(error instanceof MlforgeError);
    assert.match(error.message, /Could not read the sources of feature "total"/);
    assert.equal(error.place?.line, 5);
    return true;
  });
});

Deno.test("A source's types are names of types, and no more SQL", async () => {
  await using shop = await openWorkshop({
    "definitions.yaml": definitions('{path: e.json, types: {amount: "BIGINT) AS amount, (SELECT 1"}}'),
    "e.json": '[{"user":"ann","amount":"30"}]',
  });
  await assert.rejects(shop.build(), /There is no type "BIGINT\) AS amount/);
});

const ODD_ROWS: [what: string, rows: string, message: RegExp][] = [
  ["too few values", "ann,10\nbob\n", /line 3 of .*e\.csv has 1 values, not 2/],
  ["too many values", "ann,10\nbob,5,x\nann,20\nann,30\n", /line 3 of .*e\.csv has 3 values, not 2/],
  [
    "too few values far down",
    `${"ann,10\n".repeat(30_000)}bob\n`,
    /line 30002 of .*e\.csv has 1 values, not 2/,
  ],
  [
    "a value of another type far down",
    `${"ann,10\n".repeat(30_000)}bob,secret\n`,
    /line 30002 of .*e\.csv has a value of "amount" that is no BIGINT$/,
  ],
];
for (const [what, rows, message] of ODD_ROWS) {
  Deno.test(`A row of a CSV with ${what} is named by its line`, async () => {
    await using shop = await openWorkshop({
      "definitions.yaml": definitions("{path: e.csv}"),
      "e.csv": `user,amount\n${rows}`,
    });
    await assert.rejects(shop.build(), (e) => e instanceof MlforgeError && message.test(e.message));
  });
}

Deno.test("A CSV may have one column whose name holds a comma", async () => {
  const files = { "e.csv": '"user,name"\nann\nbob\nann\n' };
  await using shop = await openWorkshop({
    "definitions.yaml": definitions(
      "{path: e.csv}",
      'select \\"user,name\\" as user, count(*) as n from events group by 1',
    ),
    ...files,
  });
  await shop.build();
  assert.deepEqual(await rowsOf(await shop.data("total")), [["ann", "2"], ["bob", "1"]]);
});
