import assert from "node:assert/strict";
import { MlforgeError } from "../../src/error.ts";
import { openWorkshop } from "./workshop.ts";

const EVENTS = `user,at,amount,shop
ann,2026-01-01T10:00:00,10,a
ann,2026-01-02T11:00:00,20,b
bob,2026-01-02T12:00:00,-5,z
`;
const SHOPS = "shop\na\nb\n";

function definitions(checks: string): string {
  return `name: shop
sources:
  events: {path: events.csv}
  shops: {path: shops.csv}
entities:
  user: {join_key: user}
features:
  spend:
    source: events
    entities: [user]
    timestamp: at
    interval: 1d
    metrics:
      - {windows: [1d], aggregations: {amount: [sum]}}
${checks}
  users:
    source: events
    entities: [user]
    sql: select distinct user from events
`;
}

const open = (checks: string) =>
  openWorkshop({ "definitions.yaml": definitions(checks), "events.csv": EVENTS, "shops.csv": SHOPS });
const SUM = "spend__amount__sum__1d__1d";
const NOW = new Date("2026-01-03T00:00:00Z");

async function failure(building: Promise<unknown>): Promise<MlforgeError> {
  try {
    await building;
  } catch (error) {
    assert(error instanceof MlforgeError, String(error));
    return error;
  }
  throw new Error("It did not fail");
}

Deno.test("build() publishes nothing where a check fails, and tells all that failed", async () => {
  await using shop = await open(`    input_checks:
      - {check: in_range, column: amount, min: 0}
      - {check: referential, column: shop, source: shops}
      - {check: not_null, column: [user, amount]}`);
  const error = await failure(shop.build({ now: NOW }));
  assert.deepEqual(
    error.all().map(({ message, code, place, failedCheck }) => [
      code,
      place?.line,
      message,
      failedCheck?.examples?.rows,
    ]),
    [
      ["failed", 16, 'Check in_range of amount of feature "spend" failed: 1 of 3 rows do not pass', [
        ["bob", "2026-01-02 12:00:00", "-5"],
      ]],
      ["failed", 17, 'Check referential of shop of feature "spend" failed: 1 of 3 rows do not pass', [
        ["bob", "2026-01-02 12:00:00", "z"],
      ]],
    ],
  );
  assert.deepEqual(await shop.published(), {});
});

Deno.test("build() checks the rows that metrics make, beside what they are made of", async () => {
  await using shop = await open(`    input_checks:
      - {check: row_count, min: 3}
    checks:
      - {check: greater_than, column: ${SUM}, value: 0}`);
  const error = await failure(shop.build());
  assert.deepEqual(error.all().map(({ failedCheck }) => failedCheck?.examples), [
    { columns: ["user", "at", SUM], rows: [["bob", "2026-01-03 00:00:00", "-5"]] },
  ]);
});

Deno.test("build() keeps what is published where later data fails a check", async () => {
  await using shop = await open(`    input_checks:
      - {check: greater_than, column: amount, value: -6}`);
  await shop.build();
  assert.deepEqual((await shop.build()).notes, []);
  await shop.write("events.csv", EVENTS + "zoe,2026-01-03T00:00:00,-6,a\n");
  await failure(shop.build());
  assert.deepEqual(await shop.published(), { spend: "1.0.0", users: "1.0.0" });
});

Deno.test("build() publishes where a check only warns, and reports it", async () => {
  await using shop = await open(`    input_checks:
      - {check: in_range, column: amount, min: 0, severity: warn}
      - {check: fresh, within: 1d, severity: warn}`);
  const report = await shop.build({ now: NOW });
  assert.deepEqual(await shop.published(), { spend: "1.0.0", users: "1.0.0" });
  assert.deepEqual(report.warnings.map(({ failedCheck }) => [failedCheck?.check, failedCheck?.severity]), [
    ["in_range of amount", "warn"],
  ]);
});

Deno.test("build() with keepGoing publishes the features whose checks pass", async () => {
  await using shop = await open(`    input_checks:
      - {check: in_range, column: amount, min: 0}`);
  const report = await shop.build({ keepGoing: true });
  assert.deepEqual(report.items.map(({ feature, outcome }) => [feature, outcome]), [
    ["spend", "failed"],
    ["users", "built"],
  ]);
  assert.deepEqual(await shop.published(), { users: "1.0.0" });
});

Deno.test("Checks don't decide the data: other checks are no other definition, but a note", async () => {
  await using shop = await open("");
  await shop.build();
  await shop.write(
    "definitions.yaml",
    definitions(`    checks:
      - {check: greater_than, column: ${SUM}, value: 0}`),
  );
  const report = await shop.build();
  assert.deepEqual(report.items.map(({ outcome }) => outcome), ["unchanged", "unchanged"]);
  assert.deepEqual(report.notes, [
    "spend: 1.0.0 was published by other checks; mlforge validate --data asks those of now",
  ]);
  await failure(shop.build({ force: true }));
});

Deno.test("A key without statistics is not shown where it repeats", async () => {
  await using shop = await openWorkshop({
    "definitions.yaml": `name: shop
sources: {events: {path: events.csv}}
features:
  one: {source: events, keys: [user], columns: {user: {statistics: false}}}
`,
    "events.csv": "user\nsecret\nsecret\n",
  });
  const { message } = await failure(shop.build());
  assert.match(message, /has 2 rows for user=\(hidden\)/);
});

Deno.test("Features that share a source see the columns of each other's checks", async () => {
  await using shop = await open(`    input_checks:
      - {check: not_null, column: shop}
      - {check: sql, expression: length(shop) = 1}`);
  await shop.build({ workers: 1 });
  assert.deepEqual(await shop.published(), { spend: "1.0.0", users: "1.0.0" });
});
