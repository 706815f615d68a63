import assert from "node:assert/strict";
import { join } from "node:path";
import { checkData } from "../../src/build/check_data.ts";
import { openWorkshop, rowsOf, type Workshop } from "./workshop.ts";

const EVENTS = `user,at,amount,mail
ann,2026-01-01T10:00:00,10,secret
ann,2026-01-02T11:00:00,-2,secret
,2026-01-02T12:00:00,-5,secret
`;
const DEFINITIONS = `name: shop
sources: {events: {path: events.csv}}
features:
  spend:
    source: events
    keys: [user]
    timestamp: at
    interval: 1d
    metrics: [{windows: [1d], aggregations: {amount: [sum]}}]
    input_checks:
      - {check: in_range, column: amount, min: 0}
      - {check: not_null, column: user, severity: warn}
    columns: {mail: {statistics: false}}
  raw:
    source: events
    keys: [user]
    timestamp: at
    columns: {mail: {statistics: false}}
    checks:
      - {check: greater_than, column: amount, value: 0, severity: warn}
      - {check: row_count, min: 1}
`;

const open = () => openWorkshop({ "definitions.yaml": DEFINITIONS, "events.csv": EVENTS });

async function untouched(shop: Workshop): Promise<void> {
  assert.deepEqual(await shop.published(), {});
  await assert.rejects(Deno.stat(shop.store.path), Deno.errors.NotFound);
}

Deno.test("checkData() asks all checks of all features, whatever fails, and publishes nothing", async () => {
  await using shop = await open();
  const report = await checkData({ project: await shop.load(), store: shop.store });
  assert.deepEqual(report.features.map(({ feature, rows, error }) => [feature, rows, error?.all().length]), [
    ["spend", undefined, 2],
    ["raw", 2, undefined],
  ]);
  assert.deepEqual(report.features[1]?.checks.map(({ passed, failing }) => [passed, failing]), [[false, 1], [
    true,
    0,
  ]]);
  assert.deepEqual(report.warnings.map(({ failedCheck }) => failedCheck?.check), ["greater_than of amount"]);
  await untouched(shop);
});

Deno.test("checkData() works where nothing was built, and no store is", async () => {
  await using shop = await open();
  const report = await checkData({ project: await shop.load(), features: ["raw"] });
  assert.deepEqual(report.features.map(({ feature }) => feature), ["raw"]);
});

Deno.test("checkData() writes failing rows to Parquet, with the check they failed and without what is left out", async () => {
  await using shop = await open();
  const output = join(shop.folder, "failing");
  const { files } = await checkData({ project: await shop.load(), store: shop.store, output });
  assert.deepEqual(files, [join(output, "raw.output.parquet"), join(output, "spend.input.parquet")]);
  assert.deepEqual(await rowsOf(files[1] ?? ""), [
    ["in_range of amount", "ann", "2026-01-02 11:00:00", "-2"],
    ["in_range of amount", null, "2026-01-02 12:00:00", "-5"],
    ["not_null of user", null, "2026-01-02 12:00:00", "-5"],
  ]);
  await untouched(shop);
});
