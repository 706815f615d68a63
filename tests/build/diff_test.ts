import assert from "node:assert/strict";
import { diffDefinitions, diffVersions } from "../../src/build/diff.ts";
import { diffRows } from "../../src/engines/duckdb/diff_rows.ts";
import { MlforgeError } from "../../src/error.ts";
import { openPublisher } from "../../src/publish/open.ts";
import { DEFINITIONS, EVENTS, openWorkshop, type Workshop } from "./workshop.ts";

async function definitionsOf(shop: Workshop) {
  const publisher = await openPublisher(shop.store);
  const now = { publisher, snapshot: await publisher.read() };
  return await diffDefinitions({ project: await shop.load(), store: shop.store }, now);
}

const EDITS: [
  what: string,
  level: string,
  edit: (definitions: string, events: string) => [string, string],
][] = [
  ["nothing", "none", (d, e) => [d, e]],
  ["another source", "patch", (d, e) => [d, `${e}bob,2026-01-06T00:00:00,7,2\n`]],
  ["a column more", "minor", (d, e) => [d.replace("[sum, count]", "[sum, count, max]"), e]],
  ["a column less", "major", (d, e) => [d.replace("[sum, count]", "[sum]"), e]],
  [
    "a feature more",
    "minor",
    (d, e) => [`${d}  all: {source: events, entities: [user], timestamp: at}\n`, e],
  ],
  ["a feature less", "major", (d, e) => [d.slice(0, d.indexOf("  shops:")), e]],
];

for (const [what, level, edit] of EDITS) {
  Deno.test(`diff of definitions and published features calls ${what} ${level}`, async () => {
    await using shop = await openWorkshop();
    await shop.build();
    const [definitions, events] = edit(DEFINITIONS, EVENTS);
    await shop.write("definitions.yaml", definitions);
    await shop.write("events.csv", events);
    assert.equal((await definitionsOf(shop)).level, level);
  });
}

Deno.test("diff of two versions names definition, columns, sources and facts that differ, and counts rows by key", async () => {
  await using shop = await openWorkshop();
  await shop.build();
  await shop.write("definitions.yaml", DEFINITIONS.replace("[sum, count]", "[sum, max]"));
  await shop.write(
    "events.csv",
    EVENTS.replace("11:00:00,20", "11:00:00,21") + "bob,2026-01-06T00:00:00,7,2\n",
  );
  await shop.build();
  const publisher = await openPublisher(shop.store);
  const now = { publisher, snapshot: await publisher.read() };
  const { level, features } = await diffVersions("spend", ["1.0.0", "2.0.0"], now, { data: true });
  const [found] = features;
  assert.equal(level, "major");
  assert.deepEqual(found?.definition, ["interval or metrics changed"]);
  assert.deepEqual(found?.schema.toSorted(), [
    "column spend__amount__count__1d__1d is gone",
    "column spend__amount__count__1d__7d is gone",
    "column spend__amount__max__1d__1d (int64) is new",
    "column spend__amount__max__1d__7d (int64) is new",
  ]);
  assert.deepEqual(found?.sources, ["events"]);
  assert.ok(found?.facts.some(({ name, a, b }) => name === "rows" && a === "6" && b === "8"));
  // By hand: ann's 20 is 21 in its day and in three weeks; bob's 7 is new, and with it the stamp at which ann's 1 goes.
  assert.deepEqual({ ...found?.rows, columns: {} }, {
    by: ["user", "at"],
    a: 6,
    b: 8,
    added: 2,
    removed: 0,
    changed: 3,
    columns: {},
  });
  assert.deepEqual(found?.rows?.columns, {
    spend__amount__sum__1d__1d: 1,
    spend__amount__sum__1d__7d: 3,
  });
});

Deno.test("diffRows() compares whole rows where keys are not unique, and refuses other keys", async () => {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const folder = await Deno.makeTempDir({ prefix: "mlforge-test-" });
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const write = async (name: string, rows: string) => {
    await connection.run(
      `COPY (SELECT * FROM (VALUES ${rows}) t(k, v)) TO '${folder}/${name}' (FORMAT parquet)`,
    );
    return `${folder}/${name}`;
  };
  try {
    const a = await write("a", "(1, 'x'), (1, 'x'), (1, 'y'), (2, NULL)");
    const b = await write("b", "(1, 'x'), (1, 'y'), (2, 'z')");
    assert.deepEqual(await diffRows(a, b, ["k"]), {
      by: [],
      a: 4,
      b: 3,
      added: 1,
      removed: 2,
      changed: 0,
      columns: {},
    });
    const c = await write("c", "(1, 'x'), (2, NULL)");
    const d = await write("d", "(2, 'z'), (3, NULL)");
    assert.deepEqual(await diffRows(c, d, ["k"]), {
      by: ["k"],
      a: 2,
      b: 2,
      added: 1,
      removed: 1,
      changed: 1,
      columns: { v: 1 },
    });
    const texts = await write("e", "('1', 'x')");
    await assert.rejects(diffRows(c, texts, ["k"]), (e) => e instanceof MlforgeError && e.code === "usage");
  } finally {
    connection.closeSync();
    await Deno.remove(folder, { recursive: true });
  }
});
