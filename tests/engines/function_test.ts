import assert from "node:assert/strict";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { MlforgeError } from "../../src/error.ts";
import { openWorkshop, rowsOf } from "../build/workshop.ts";

/** A column of every type that functions take: its SQL, and two values beside a NULL. */
const TYPES: [type: string, values: [string, string]][] = [
  ["BOOLEAN", ["true", "false"]],
  ["TINYINT", ["-128", "127"]],
  ["SMALLINT", ["-32768", "32767"]],
  ["INTEGER", ["-2147483648", "2147483647"]],
  ["BIGINT", ["-9223372036854775808", "9223372036854775807"]],
  ["UTINYINT", ["0", "255"]],
  ["USMALLINT", ["0", "65535"]],
  ["UINTEGER", ["0", "4294967295"]],
  ["UBIGINT", ["0", "18446744073709551615"]],
  ["FLOAT", ["-1.5", "3.25"]],
  ["DOUBLE", ["-1.5", "1e+300"]],
  ["DECIMAL(4,2)", ["-12.34", "99.99"]],
  ["DECIMAL(9,2)", ["-1234567.89", "1.00"]],
  ["DECIMAL(18,3)", ["-123456789012345.678", "0.001"]],
  ["DECIMAL(38,4)", ["-1234567890123456789012345678901234.5678", "0.0001"]],
  ["DATE", ["1969-12-31", "2026-01-01"]],
  ["TIMESTAMP", ["1969-12-31 23:59:59.999999", "2026-01-01 00:00:00.000001"]],
  ["VARCHAR", ["", 'grüße, "東京"']],
];

Deno.test("A function gets every type exactly, NULLs included, and gives it back", async () => {
  const columns = TYPES.map((_, i) => `c${i}`);
  const definitions = `import { Definitions, feature, source } from "mlforge";
export default new Definitions({
  name: "types",
  features: [feature({ name: "same", source: source({ name: "rows", path: "rows.parquet" }), keys: ["id"], transform: ({ rows }) => rows })],
});
`;
  await using shop = await openWorkshop({ "definitions.ts": definitions }, "definitions.ts");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const row = (id: number, value: (type: [string, [string, string]]) => string) =>
    `SELECT ${id} AS id, ${TYPES.map((t, i) => `CAST(${value(t)} AS ${t[0]}) AS c${i}`).join(", ")}`;
  const text = (s: string) => `'${s.replaceAll("'", "''")}'`;
  const union = [row(1, (t) => text(t[1][0])), row(2, () => "NULL"), row(3, (t) => text(t[1][1]))].join(
    " UNION ALL ",
  );
  await connection.run(`COPY (${union}) TO '${join(shop.folder, "rows.parquet")}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();

  await shop.build();
  const [first, second, third] = await rowsOf(await shop.data("same"));
  const expected = (k: 0 | 1) =>
    TYPES.map(([type, values]) => type === "DOUBLE" && k === 1 ? "1e+300" : values[k]);
  assert.deepEqual(first?.slice(1), expected(0));
  assert.deepEqual(second?.slice(1), columns.map(() => null));
  assert.deepEqual(third?.slice(1), expected(1));
});

Deno.test("A function may wait, may take several sources, and a single one as `source` too", async () => {
  const definitions = `import { Definitions, feature, source } from "mlforge";
const a = source({ name: "a", path: "a.csv" });
const b = source({ name: "b", path: "b.csv" });
const count = async (tables, { arrow }) => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  return new arrow.Table({
    id: arrow.vectorFromArray([1], new arrow.Int32()),
    n: arrow.vectorFromArray([Object.values(tables).reduce((sum, t) => sum + t.numRows, 0)], new arrow.Int32()),
  });
};
export default new Definitions({
  name: "several",
  features: [
    feature({ name: "both", sources: [a, b], keys: ["id"], transform: count }),
    feature({ name: "one", source: a, keys: ["id"], transform: ({ source }, { arrow }) => count({ source }, { arrow }) }),
  ],
});
`;
  const files = { "definitions.ts": definitions, "a.csv": "x\n1\n2\n", "b.csv": "x\n1\n" };
  await using shop = await openWorkshop(files, "definitions.ts");
  await shop.build();
  assert.deepEqual(await rowsOf(await shop.data("both")), [["1", "3"]]);
  assert.deepEqual(await rowsOf(await shop.data("one")), [["1", "2"]]);
});

/** Builds one feature by a function; `body` is what it gives. */
async function given(body: string, more = "") {
  const definitions = `import { Definitions, feature, rolling, source } from "mlforge";
export default new Definitions({
  name: "wrong",
  features: [feature({ name: "one", source: source({ name: "a", path: "a.csv" }), keys: ["x"], transform: ({ a }, { arrow }) => ${body}${more} })],
});
`;
  await using shop = await openWorkshop(
    { "definitions.ts": definitions, "a.csv": "x,t\n1,b\n" },
    "definitions.ts",
  );
  await shop.build();
}

Deno.test("What a function gives is refused where a column has no name, or the name of another one", async () => {
  await assert.rejects(given("new arrow.Table()"), /Function of feature "one" gave a table without columns/);
  await assert.rejects(given("arrow.tableFromArrays({ x: [1], '': [1] })"), /gave a column without a name/);
  await assert.rejects(given("arrow.tableFromArrays({ x: [1], X: [1] })"), /has two columns "X"/);
});

Deno.test("A metric of a type that it can't take is refused at its feature", async () => {
  const metrics =
    `, timestamp: "at", interval: "1d", metrics: [rolling({ windows: ["1d"], aggregations: { t: ["sum"] } })]`;
  const table = `arrow.tableFromArrays({ x: ["a"], at: [new Date(0)], t: ["b"] })`;
  await assert.rejects(given(table, metrics), (error) => {
    assert(error instanceof MlforgeError);
    assert.match(error.message, /Can't take sum of column "t"/);
    assert.equal(error.place?.line, 4);
    return true;
  });
});
