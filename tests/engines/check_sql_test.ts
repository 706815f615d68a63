import assert from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";
import { checkSql } from "../../src/engines/duckdb/check_sql.ts";
import { MlforgeError } from "../../src/error.ts";

const PLACE = { file: "definitions.yaml", line: 3, column: 5 };

async function check(sql: string, sources = ["flights", "airports"]) {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    return await checkSql(connection, { feature: "f", sql, sources, place: PLACE });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const REFUSED: [sql: string, says: RegExp, hint?: RegExp][] = [
  ["select * from flight", /reads "flight"/, /Did you mean "flights"/],
  ["select * from main.flights", /reads "main.flights"/],
  ["select * from information_schema.tables", /reads "information_schema.tables"/],
  ["select * from 'other.parquet'", /reads "other.parquet"/],
  ["select * from read_csv('/etc/passwd')", /table function read_csv\(\)/],
  ["select * from flights where id in (select id from glob('*'))", /table function glob\(\)/],
  ["select * from duckdb_settings()", /table function duckdb_settings\(\)/],
  ["select * from query('select 1')", /table function query\(\)/],
  ["select now() from flights", /calls now\(\)/],
  ["select current_date from flights", /calls current_date/],
  ["select current_timestamp from flights", /get_current_timestamp|current_timestamp/],
  ["select age(date) from flights", /calls today\(\)/],
  ["select random() from flights", /calls random\(\)/],
  ["select uuid() from flights", /calls uuid\(\)/],
  ["with a as (select gen_random_uuid() u from flights) select * from a", /calls gen_random_uuid\(\)/],
  ["select current_setting('threads') from flights", /calls current_setting\(\)/],
  ["select getvariable('x') from flights", /calls getvariable\(\)/],
  ["select * from flights using sample 10", /random sample/],
  ["select * from flights tablesample 10%", /random sample/],
  ["select 1; select 2", /2 statements/],
  ["copy flights to 'x'", /parsed|SELECT/, /one SELECT/],
  ["attach 'x.db'", /parsed|SELECT/, /one SELECT/],
  ["set threads = 1", /parsed|SELECT/, /one SELECT/],
  ["select from from", /can't be parsed/],
];

for (const [sql, says, hint] of REFUSED) {
  Deno.test(`checkSql() refuses: ${sql}`, async () => {
    await assert.rejects(check(sql), (error) => {
      assert(error instanceof MlforgeError);
      assert.match(error.message, says);
      if (hint !== undefined) assert.match(error.hint ?? "", hint);
      assert.deepEqual(error.place, PLACE);
      return true;
    });
  });
}

const ALLOWED: [sql: string, columns: string[] | undefined, sources: string[]][] = [
  ["select origin, sum(delay) as d from flights group by origin", ["origin", "delay"], ["flights"]],
  ["select * from flights", undefined, ["flights"]],
  ["from flights select origin", ["origin"], ["flights"]],
  ["select f.origin from flights f join airports a on f.origin = a.iata", ["f", "origin", "a", "iata"], [
    "flights",
    "airports",
  ]],
  ["select origin from flights join airports using (iata)", ["origin", "iata"], ["flights", "airports"]],
  ["with x as (select origin from flights) select origin from x", ["origin"], ["flights"]],
  ["select origin from FLIGHTS", ["origin"], ["flights"]],
  ["select u from flights, unnest(tags) t(u)", ["tags", "u"], ["flights"]],
  ["select age(date, born) from flights", ["date", "born"], ["flights"]],
];

for (const [sql, columns, sources] of ALLOWED) {
  Deno.test(`checkSql() allows: ${sql}`, async () => {
    const facts = await check(sql);
    assert.deepEqual([...facts.sources].sort(), [...sources].sort());
    assert.deepEqual(facts.columns && [...facts.columns].sort(), columns && [...columns].sort());
  });
}

Deno.test("checkSql() knows a single source as `source` too, and several not", async () => {
  assert.deepEqual([...(await check("select a from source", ["flights"])).sources], ["flights"]);
  await assert.rejects(check("select a from source"), /reads "source"/);
});
