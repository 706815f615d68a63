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
  const { examples, ...counted } = found?.rows ?? {};
  assert.deepEqual({ ...counted, columns: {} }, {
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
  const [day, week] = ["spend__amount__sum__1d__1d", "spend__amount__sum__1d__7d"];
  assert.deepEqual(examples?.columns, ["user", "at", day, week]);
  assert.deepEqual(
    examples?.rows.map((
      { side, values: [user, at, ...values] },
    ) => [side, user, at?.slice(0, 10), ...values]),
    [
      ["b", "ann", "2026-01-07", "0", "32"],
      ["b", "bob", "2026-01-07", "7", "12"],
      ["a", "ann", "2026-01-03", "20", "30"],
      ["b", "ann", "2026-01-03", "21", "31"],
      ["a", "ann", "2026-01-04", "0", "30"],
      ["b", "ann", "2026-01-04", "0", "31"],
      ["a", "ann", "2026-01-06", "1", "31"],
      ["b", "ann", "2026-01-06", "1", "32"],
    ],
  );
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
    assert.deepEqual(await diffRows(a, b, { identity: ["k"], shown: ["k", "v"] }), {
      by: [],
      a: 4,
      b: 3,
      added: 1,
      removed: 2,
      changed: 0,
      columns: {},
      examples: {
        columns: ["k", "v"],
        rows: [
          { side: "a", values: ["1", "x"] },
          { side: "a", values: ["2", null] },
          { side: "b", values: ["2", "z"] },
        ],
      },
    });
    const c = await write("c", "(1, 'x'), (2, NULL)");
    const d = await write("d", "(2, 'z'), (3, NULL)");
    assert.deepEqual(await diffRows(c, d, { identity: ["k"], shown: ["k", "v"] }), {
      by: ["k"],
      a: 2,
      b: 2,
      added: 1,
      removed: 1,
      changed: 1,
      columns: { v: 1 },
      examples: {
        columns: ["k", "v"],
        rows: [
          { side: "a", values: ["1", "x"] },
          { side: "b", values: ["3", null] },
          { side: "a", values: ["2", null] },
          { side: "b", values: ["2", "z"] },
        ],
      },
    });
    const hidden = await diffRows(c, d, { identity: ["k"], shown: ["k"] });
    assert.deepEqual(
      hidden.examples.rows,
      [["1"], ["3"], ["2"], ["2"]].map((values, at) => ({
        side: at % 2 === 0 ? "a" : "b",
        values,
      })),
    );
    const texts = await write("e", "('1', 'x')");
    await assert.rejects(
      diffRows(c, texts, { identity: ["k"], shown: [] }),
      (e) => e instanceof MlforgeError && e.code === "usage",
    );
  } finally {
    connection.closeSync();
    await Deno.remove(folder, { recursive: true });
  }
});
