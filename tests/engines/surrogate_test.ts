import { DuckDBInstance } from "@duckdb/node-api";
import * as fc from "fast-check";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { surrogateExpression } from "../../src/engines/duckdb/surrogate.ts";
import { MlforgeError } from "../../src/error.ts";

/** The documented encoding, written down a second time. */
function expected(texts: readonly (string | null)[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text === null ? "-" : `${Buffer.byteLength(text)}:${text}`, "utf8");
  return hash.digest("hex").slice(0, 32);
}

async function keysOf(
  select: string,
  columns: { name: string; type: string }[],
  options: { session?: string; parameters?: Record<string, string> } = {},
): Promise<string[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run(`SET TimeZone = '${options.session ?? "UTC"}'`);
    const reader = await connection.runAndReadAll(
      `SELECT ${surrogateExpression(columns)} FROM (${select})`,
      options.parameters,
    );
    return reader.getRows().map(([key]) => String(key));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const TWO_TEXTS = [{ name: "a", type: "VARCHAR" }, { name: "b", type: "VARCHAR" }];

/** Pairs of texts go in as JSON, so that any text does. */
function pairs(rows: (string | null)[][]): Promise<string[]> {
  return keysOf(
    `SELECT row->>0 AS a, row->>1 AS b FROM (SELECT unnest($rows::JSON[]) AS row)`,
    TWO_TEXTS,
    { parameters: { rows: JSON.stringify(rows) } },
  );
}

Deno.test("a surrogate key never confuses values: texts that run together, NULL and empty, look-alikes of the encoding", async () => {
  const rows = [
    ["ab", "c"],
    ["a", "bc"],
    ["", "abc"],
    [null, ""],
    ["", null],
    ["", ""],
    [null, null],
    ["-", null],
    ["1:a", "b"],
    ["1", "a1:b"],
    ["ä", ""],
    ["a\u0308", ""],
  ];
  const keys = await pairs(rows);
  assert.equal(new Set(keys).size, rows.length);
  assert.deepEqual(keys, rows.map(expected));
});

Deno.test("a surrogate key is what the doc comment says, literally", async () => {
  const [key] = await pairs([["ab", "c"]]);
  assert.equal(key, createHash("sha256").update("2:ab1:c").digest("hex").slice(0, 32));
  assert.match(String(key), /^[0-9a-f]{32}$/);
});

Deno.test("surrogate keys of any texts equal an independent implementation, and differ where the texts do", async () => {
  // JSON in DuckDB can't hold U+0000.
  const unit = fc.constantFrom("a", "b", ":", "-", "1", "2", "ä", "€", "😀", "'", '"', " ", "\n");
  const text = fc.option(fc.string({ unit, maxLength: 6 }), { nil: null });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 200 }), async (rows) => {
      const keys = await pairs(rows);
      assert.deepEqual(keys, rows.map(expected));
      const distinct = new Set(rows.map((row) => JSON.stringify(row)));
      assert.equal(new Set(keys).size, distinct.size);
    }),
    { numRuns: 15 },
  );
});

const EVERY_TYPE: [sql: string, type: string, text: string][] = [
  ["42::TINYINT", "TINYINT", "42"],
  ["42::UBIGINT", "UBIGINT", "42"],
  ["(-42)::INTEGER", "INTEGER", "-42"],
  ["170141183460469231731687303715884105727::HUGEINT", "HUGEINT", "170141183460469231731687303715884105727"],
  ["true", "BOOLEAN", "true"],
  ["1.5::DECIMAL(5,2)", "DECIMAL(5,2)", "1.50"],
  ["DATE '2024-01-31'", "DATE", "2024-01-31"],
  ["TIMESTAMP '2024-01-31 23:59:58'", "TIMESTAMP", "2024-01-31T23:59:58.000000Z"],
  ["TIMESTAMP_S '2024-01-31 23:59:58'", "TIMESTAMP_S", "2024-01-31T23:59:58.000000Z"],
  ["TIMESTAMP_MS '2024-01-31 23:59:58.5'", "TIMESTAMP_MS", "2024-01-31T23:59:58.500000Z"],
  ["make_timestamp_ns(-1)", "TIMESTAMP_NS", "1969-12-31T23:59:59.999999999Z"],
  ["TIMESTAMPTZ '2024-01-31 23:59:58+02'", "TIMESTAMP WITH TIME ZONE", "2024-01-31T21:59:58.000000Z"],
  ["'EF'::ENUM('EF')", "ENUM('EF')", "EF"],
  ["'0F8FAD5B-D9CB-469F-A165-70867728950E'::UUID", "UUID", "0f8fad5b-d9cb-469f-a165-70867728950e"],
];

Deno.test("every type has one text, whatever the session's time zone; NULL of it is NULL", async () => {
  for (const [sql, type, text] of EVERY_TYPE) {
    const select = `SELECT ${sql} AS v UNION ALL SELECT CASE WHEN false THEN ${sql} END`;
    const keys = await keysOf(select, [{ name: "v", type }], { session: "America/New_York" });
    assert.deepEqual(keys, [expected([text]), expected([null])], type);
  }
});

Deno.test("floats and nested values are refused, naming column and type", () => {
  for (const type of ["DOUBLE", "FLOAT", "INTEGER[]", "STRUCT(a INTEGER)", "BLOB"]) {
    assert.throws(() => surrogateExpression([{ name: "x", type }]), (error) => {
      assert(error instanceof MlforgeError);
      assert.equal(error.message, `Can't make a surrogate key from column "x" of type ${type}`);
      assert.match(error.hint ?? "", /[Cc]ast it/);
      return true;
    });
  }
});
