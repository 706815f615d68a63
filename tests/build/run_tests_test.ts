import assert from "node:assert/strict";
import { join } from "node:path";
import { findTests, runTests } from "../../src/build/run_tests.ts";
import { DEFINITIONS, EVENTS, openWorkshop, type Workshop } from "./workshop.ts";

async function run(shop: Workshop, cases: string) {
  await shop.write("one.test.yaml", `cases:\n${cases}`);
  const project = await shop.load();
  const results = await runTests({ project, store: shop.store }, { files: await findTests(project) });
  return results.map(({ passed, difference, error }) => difference?.rows ?? error?.message ?? passed);
}

const SPEND = `  - name: a day
    feature: spend
    rows:
      events:
        - {user: ann, at: 2026-01-01T10:00:00, amount: 10}
        - {user: ann, at: 2026-01-01T12:00:00, amount: null}
    expect:
      - {user: ann, at: 2026-01-02, spend__amount__sum__1d__1d: 10, spend__amount__count__1d__7d: 1}
`;
const SUM = "spend__amount__sum__1d__1d: 10";

Deno.test("runTests() computes a feature on the rows of a test, and compares the columns that it names", async () => {
  await using shop = await openWorkshop();
  assert.deepEqual(await run(shop, SPEND), [true]);
  await assert.rejects(Deno.stat(shop.store.path), Deno.errors.NotFound);
});

Deno.test("runTests() shows rows of other values, rows too few and rows too many", async () => {
  await using shop = await openWorkshop();
  const ann = { side: "expected", values: ["ann", "2026-01-02 00:00:00", "11", "1"] };
  const actual = { side: "actual", values: ["ann", "2026-01-02 00:00:00", "10", "1"] };
  assert.deepEqual(await run(shop, SPEND.replace(SUM, "spend__amount__sum__1d__1d: 11")), [[ann, actual]]);
  const more = "      - {user: bob, at: 2026-01-02}\n";
  assert.deepEqual(await run(shop, SPEND + more), [
    [{ side: "expected", values: ["bob", "2026-01-02 00:00:00", null, null] }],
  ]);
  const none = SPEND.replace(/expect:[^]*/, "expect: []\n");
  assert.deepEqual(await run(shop, none), [[{ side: "actual", values: ["ann", "2026-01-02 00:00:00"] }]]);
});

Deno.test("runTests() lets rows count from when they were known, as the source says", async () => {
  await using shop = await openWorkshop({
    "definitions.yaml": DEFINITIONS.replace("path: events.csv", "path: events.csv, known_at: loaded"),
    "events.csv": "user,at,amount,shop,loaded\nann,2026-01-01T10:00:00,1,1,2026-01-01T10:00:00\n",
  });
  const late = SPEND.replace("amount: 10}", "amount: 10, loaded: 2026-01-02T10:00:00}").replace(
    /expect:[^]*/,
    "expect: [{user: ann, at: 2026-01-03, spend__amount__sum__1d__1d: 0, spend__amount__sum__1d__7d: 10}]\n",
  );
  assert.deepEqual(await run(shop, late), [true]);
});

Deno.test("runTests() takes rows from CSV files beside the test", async () => {
  await using shop = await openWorkshop();
  await shop.write("given.csv", "user,shop\nann,1\nann,1\nann,2\nbob,\n");
  await shop.write("expected.csv", "user,shops\nann,2\nbob,0\n");
  const cases = `  - {name: shops, feature: shops, rows: {events: given.csv}, expect: expected.csv}\n`;
  assert.deepEqual(await run(shop, cases), [true]);
  await shop.write("expected.csv", "user,shops\nann,3\nbob,0\n");
  assert.deepEqual(await run(shop, cases), [
    [{ side: "expected", values: ["ann", "3"] }, { side: "actual", values: ["ann", "2"] }],
  ]);
});

Deno.test("runTests() works where the sources' files are not here: types are what the values look like", async () => {
  await using shop = await openWorkshop();
  await Deno.remove(join(shop.folder, "events.csv"));
  assert.deepEqual(await run(shop, SPEND), [true]);
  const [said] = await run(shop, SPEND.replace(/rows:[^]*expect/, "rows: {}\n    expect"));
  assert.match(String(said), /gives no rows of source "events", whose files are not here/);
});

Deno.test("runTests() allows fractions a billionth, or as much as a test says", async () => {
  await using shop = await openWorkshop({
    "definitions.yaml": DEFINITIONS.replace("count(distinct shop) as shops", "sum(amount) / 3 as shops"),
    "events.csv": EVENTS.replace("10,1", "10.5,1"),
  });
  const test = (expected: string, tolerance = "") =>
    `  - {name: third, feature: shops, rows: {events: [{user: ann, amount: 1}]}, expect: [{user: ann, shops: ${expected}}]${tolerance}}\n`;
  assert.deepEqual(await run(shop, test("0.33333333333")), [true]);
  assert.equal((await run(shop, test("0.333"))).includes(true), false);
  assert.deepEqual(await run(shop, test("0.333", ", tolerance: 0.01")), [true]);
});

Deno.test("runTests() says what is wrong with a test", async () => {
  await using shop = await openWorkshop();
  const says = async (from: string, to: string) => String((await run(shop, SPEND.replace(from, to)))[0]);
  assert.match(
    await says("amount: 10}", "amuont: 10}"),
    /gives a column "amuont" that source "events" does not have/,
  );
  assert.match(await says("amount: 10}", "amount: ten}"), /Rows of source "events" .* don't fit: .*'ten'/);
  assert.match(
    await says(SUM, "spend__sum: 10"),
    /expects a column "spend__sum", which the feature does not have/,
  );
  assert.match(await says("{user: ann, at: 2026-01-02,", "{user: ann,"), /don't say their "at"/);
  assert.match(await says(SUM, "spend__amount__sum__1d__1d: ten"), /Expected rows .* don't fit/);
  await assert.rejects(says("feature: spend", "feature: spent"), {
    message: 'Test "a day" is of feature "spent", which is not defined',
    hint: 'Did you mean "spend"?',
  });
  await assert.rejects(says("      events:", "      event:"), { message: /reads no source "event"/ });
  await assert.rejects(says("expect:", "expected:"), {
    message: /Key "expect" is missing|Unknown key "expected"/,
  });
});

Deno.test("runTests() tests functions too, and several sources", async () => {
  const definitions = `import { Definitions, feature, source } from "mlforge";
const a = source({ name: "a", path: "a.csv" });
const b = source({ name: "b", path: "b.csv" });
export default new Definitions({
  name: "two",
  features: [
    feature({ name: "counted", sources: [a, b], keys: ["k"], transform: ({ a, b }, { arrow }) =>
      new arrow.Table({ k: arrow.vectorFromArray(["all"], new arrow.Utf8()), n: arrow.vectorFromArray([a.numRows + b.numRows], new arrow.Int32()) }) }),
  ],
});
`;
  await using shop = await openWorkshop(
    { "definitions.ts": definitions, "a.csv": "x\n1\n", "b.csv": "y\n1\n" },
    "definitions.ts",
  );
  const cases =
    `  - {name: rows, feature: counted, rows: {a: [{x: 1}, {x: 2}], b: []}, expect: [{k: all, n: 2}]}\n`;
  assert.deepEqual(await run(shop, cases), [true]);
});
