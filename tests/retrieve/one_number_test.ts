import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import * as fc from "fast-check";
import assert from "node:assert/strict";
import { isWhole, oneNumber } from "../../src/retrieve/one_number.ts";

interface Event {
  key: number;
  /** In microseconds. */
  at: number;
}

const SECOND = 1_000_000;
/** Moments close together and years apart, some of them whole seconds. */
const moment = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.integer({ min: -3, max: 3 }).map((n) => n * SECOND),
  fc.integer({ min: -5, max: 5 }).map((n) => n * 86_400 * SECOND),
);
const key = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer({ min: 1e6, max: 1e6 + 2 }));
const events = fc.uniqueArray(fc.record({ key, at: moment }), {
  selector: ({ key, at }) => `${key} ${at}`,
  minLength: 1,
  maxLength: 30,
});
const labels = fc.array(
  fc.record({ key: fc.option(key), at: fc.option(moment) }),
  { minLength: 1, maxLength: 30 },
);

function table(items: readonly { key: number | null; at: number | null }[]): string {
  const values = items.map(({ key, at }, i) =>
    `(${i}, ${key}::BIGINT, ${at === null ? "NULL" : `make_timestamp(${at})`}::TIMESTAMP)`
  );
  return `(SELECT * FROM (VALUES ${values.join(", ")}) v(n, k, t))`;
}

async function withDuckDB(use: (connection: DuckDBConnection) => Promise<void>): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await use(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const sides = { key: "k", time: "t", labelKey: "k", labelTime: "t" };

Deno.test("the greatest number that is not greater than a label's is that of its key's newest row, if it is of its key", async () => {
  await withDuckDB(async (connection) => {
    await fc.assert(
      fc.asyncProperty(events, labels, fc.boolean(), async (events, asked, strict) => {
        const rows = table(events);
        const numbers = await oneNumber(connection, { ...sides, rows, strict });
        assert.ok(numbers !== undefined);
        const reader = await connection.runAndReadAll(`
          SELECT (SELECT max_by(r.n, r.x) FROM (SELECT n, ${numbers.ofRow} AS x FROM ${rows}) r
            WHERE r.x <= l.x AND r.x >= l.x - l.x % ${numbers.span})
          FROM (SELECT n, ${numbers.ofLabel} AS x FROM ${table(asked)}) l ORDER BY l.n`);
        const expected = asked.map((label) => newest(events, label, strict));
        assert.deepEqual(reader.getRowsJson().map(([n]) => n), expected);
      }),
      { numRuns: 200 },
    );
  });
});

function newest(
  events: readonly Event[],
  { key, at }: { key: number | null; at: number | null },
  strict: boolean,
): number | null {
  let best: number | null = null;
  events.forEach((event, i) => {
    if (event.key !== key || at === null || (strict ? event.at >= at : event.at > at)) return;
    if (best === null || event.at > events[best]!.at) best = i;
  });
  return best;
}

Deno.test("numbers are made of microseconds, of whole seconds where those are too many, or not at all", async () => {
  await withDuckDB(async (connection) => {
    const spanOf = async (most: number, at: number) =>
      (await oneNumber(connection, {
        ...sides,
        rows: table([{ key: 0, at: 0 }, { key: most, at }]),
        strict: false,
      }))?.span;
    const day = 86_400 * SECOND;
    assert.equal(await spanOf(1000, day), BigInt(day) + 2n);
    assert.equal(await spanOf(1e9, day), 86_402n);
    assert.equal(await spanOf(1e9, day + 1), undefined);
    assert.equal(await spanOf(Number.MAX_SAFE_INTEGER, day), undefined);
    const none = await oneNumber(connection, {
      ...sides,
      rows: `(FROM ${table([{ key: 0, at: 0 }])} WHERE n > 0)`,
      strict: false,
    });
    assert.equal(none, undefined);
  });
});

Deno.test("keys are numbers where all of their types are whole", () => {
  assert.ok(isWhole("BIGINT", "UINTEGER", "TINYINT", "INTEGER", "USMALLINT"));
  for (const type of ["UBIGINT", "HUGEINT", "DECIMAL(18,0)", "DOUBLE", "VARCHAR", "DATE"]) {
    assert.ok(!isWhole("BIGINT", type), type);
  }
});
