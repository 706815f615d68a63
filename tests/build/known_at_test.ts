import assert from "node:assert/strict";
import { join } from "node:path";
import { validate } from "../../src/build/validate.ts";
import { lookUp } from "../../src/cli/look_up.ts";
import { MlforgeError } from "../../src/error.ts";
import { openPublisher } from "../../src/publish/open.ts";
import { retrieve } from "../../src/retrieve/retrieve.ts";
import { runCli } from "../cli/run_cli.ts";
import { openWorkshop, rowsOf, type Workshop } from "./workshop.ts";

/** The events of docs/time.md, and one of another user that says how far the data reach. */
const EVENTS = `user,order_id,at,amount,loaded_at
ann,1,2024-03-04T10:00:00,5,2024-03-06T01:00:00
bob,17,2024-03-04T10:00:00,5,2024-03-04T11:00:00
bob,17,2024-03-04T10:00:00,3,2024-03-05T09:00:00
bob,17,,,2024-03-06T09:00:00
cat,2,2024-03-10T12:00:00,1,2024-03-10T12:00:00
cat,3,2024-03-09T12:00:00,1,
cat,,2024-03-09T12:00:00,1,2024-03-09T12:00:00
`;

const definitions = (source: string, feature: string) =>
  `name: shop
sources:
  orders: {path: orders.csv, ${source}}
features:
  spend: {source: orders, keys: [user], timestamp: at, ${feature}}
`;
const KNOWN = "known_at: loaded_at, row_id: order_id";
const METRICS = "interval: 1d, metrics: [{windows: [1d, 3d, 7d], aggregations: {amount: [sum]}}]";

function open(source: string, feature: string): Promise<Workshop> {
  return openWorkshop({ "definitions.yaml": definitions(source, feature), "orders.csv": EVENTS });
}

Deno.test("build() lets late rows and corrections count as docs/time.md draws it", async () => {
  await using shop = await open(KNOWN, METRICS);
  const report = await shop.build();
  assert.deepEqual(await rowsOf(await shop.data("spend")), [
    ["ann", "2024-03-07 00:00:00", "0", "5", "5"],
    ["ann", "2024-03-08 00:00:00", "0", "0", "5"],
    ["bob", "2024-03-05 00:00:00", "5", "5", "5"],
    ["bob", "2024-03-06 00:00:00", "0", "3", "3"],
    ["bob", "2024-03-07 00:00:00", "0", "0", "0"],
    ["cat", "2024-03-11 00:00:00", "1", "1", "1"],
  ]);
  assert.deepEqual(report.notes.filter((note) => note.includes("left out")), [
    "spend: left out 1 rows with a NULL time",
    "spend: left out 1 rows with a NULL known_at",
    "spend: left out 1 rows with a NULL row_id",
  ]);
  const meta = await (await openPublisher(shop.store)).metadata("spend", "1.0.0");
  assert.equal(meta?.mlforge.watermark, "2024-03-10T12:00:00.000000Z");
  assert.deepEqual(meta?.mlforge.dropped, { null_key: 0, null_time: 1, null_known_at: 1, null_row_id: 1 });
});

Deno.test("build() makes another version where known_at came, and says that it was that", async () => {
  await using shop = await open("timezone: UTC", METRICS);
  await shop.build();
  for (const source of [`timezone: UTC, known_at: loaded_at`, "timezone: UTC"]) {
    await shop.write("definitions.yaml", definitions(source, METRICS));
    const { items } = await shop.build();
    assert.deepEqual(items.map(({ bump, why }) => [bump, why]), [
      ["minor", ["known_at or row_id of sources changed"]],
    ]);
  }
  // Without time nothing is known at a time.
  const feature = (source: string) =>
    definitions(source, METRICS).replace(
      "timestamp: at, " + METRICS,
      "sql: select distinct user from orders",
    );
  await shop.write("definitions.yaml", feature("timezone: UTC"));
  await shop.build();
  await shop.write("definitions.yaml", feature(`timezone: UTC, ${KNOWN}`));
  assert.equal((await shop.build()).items[0]?.outcome, "unchanged");
});

Deno.test("SQL that does not carry known_at or row_id is refused, before anything is built", async () => {
  const sql = (list: string) => `sql: 'select user, "at", amount, ${list} from orders', ${METRICS}`;
  for (
    const [list, missing] of [["order_id", "loaded_at"], ["loaded_at", "order_id"]] as const
  ) {
    await using shop = await open(KNOWN, sql(list));
    const message = new RegExp(`has no column "${missing}", its (known_at|row_id) \\(of source "orders"\\)`);
    const [error] = await validate({ project: await shop.load() });
    assert.match(error?.message ?? "", message);
    assert.match(error?.hint ?? "", /Let its SQL carry the column/);
    await assert.rejects(shop.build(), message);
  }
  await using shop = await open(KNOWN, sql("order_id, loaded_at"));
  assert.deepEqual(await validate({ project: await shop.load() }), []);
});

Deno.test("retrieve() and show --at give what was known, of a feature that keeps event times", async () => {
  await using shop = await open(KNOWN, `sql: 'select *, "at" as happened_at from orders'`);
  await shop.build();
  const labels = join(shop.folder, "labels.csv");
  const asked: [user: string, at: string, amount: string | null][] = [
    ["ann", "2024-03-06T00:00:00", null],
    ["ann", "2024-03-06T01:00:00", null],
    ["ann", "2024-03-06T01:00:01", "5"],
    ["bob", "2024-03-04T11:00:00", null],
    ["bob", "2024-03-04T11:00:01", "5"],
    ["bob", "2024-03-05T09:00:00", "5"],
    ["bob", "2024-03-05T09:00:01", "3"],
    ["bob", "2024-03-06T09:00:01", null],
    ["cat", "2024-03-10T12:00:00", null],
    ["cat", "2024-04-01T00:00:00", "1"],
  ];
  await Deno.writeTextFile(labels, `user,at\n${asked.map(([user, at]) => `${user},${at}\n`).join("")}`);
  const publisher = await openPublisher(shop.store);
  const output = join(shop.folder, "train.parquet");
  await retrieve({ publisher, labels, features: ["spend:amount"], output });
  assert.deepEqual((await rowsOf(output)).map((row) => row[2]), asked.map(([, , amount]) => amount));
  const meta = await publisher.metadata("spend", "1.0.0");
  assert(meta);
  for (const [user, at, amount] of asked) {
    const file = await shop.data("spend");
    const { columns, rows } = await lookUp({ file, meta, keys: [["user", user]], at: `${at}Z`, limit: 9 });
    const column = columns.findIndex(({ name }) => name === "amount");
    assert.equal(String(rows[0]?.[column] ?? null), String(amount), `${user} at ${at}`);
  }
});

Deno.test("two rows of one key and time are refused where nothing says which one corrects the other", async () => {
  await using shop = await open("known_at: loaded_at", `sql: 'select * from orders where "at" is not null'`);
  await assert.rejects(shop.build(), (error) => {
    assert(error instanceof MlforgeError);
    assert.match(error.message, /has several rows for user=bob, at=2024-03-04 10:00:00 that count at once/);
    assert.match(error.hint ?? "", /`row_id` has to say so/);
    return true;
  });
});

Deno.test("a row of two sources is known once both parts are, and replaced once one of them is", async () => {
  await using shop = await openWorkshop({
    "definitions.yaml": `name: shop
sources:
  orders: {path: orders.csv, known_at: order_known, row_id: order_id}
  prices: {path: prices.csv, known_at: price_known, row_id: item}
features:
  spend:
    sources: [orders, prices]
    keys: [user]
    timestamp: at
    interval: 1d
    metrics: [{windows: [30d], aggregations: {price: [sum], "*": [count]}}]
    sql: select * from orders join prices using (item)
`,
    "orders.csv": `user,order_id,item,at,order_known
ann,1,pen,2024-03-04T10:00:00,2024-03-04T11:00:00
ann,1,cup,2024-03-04T10:00:00,2024-03-08T11:00:00
`,
    "prices.csv": `item,price,price_known
pen,1,2024-03-05T00:00:00
pen,2,2024-03-06T12:00:00
cup,9,2024-03-01T12:00:00
`,
  });
  await shop.build();
  assert.deepEqual(await rowsOf(await shop.data("spend")), [
    ["ann", "2024-03-06 00:00:00", "1", "1"],
    ["ann", "2024-03-07 00:00:00", "2", "1"],
    ["ann", "2024-03-09 00:00:00", "9", "1"],
  ]);
});

Deno.test("inspect source tells of known_at and row_id", async () => {
  await using shop = await open(KNOWN, METRICS);
  await shop.write(
    "mlforge.yaml",
    "profiles: {dev: {offline_store: {KIND: local, path: store}}}\ndefault_profile: dev\n",
  );
  const inspect = async (...flags: string[]) =>
    (await runCli(["inspect", "source", "orders", ...flags], { cwd: shop.folder })).out;
  assert.match(await inspect(), /known at +loaded_at\nrow id +order_id\n/);
  const { known_at, row_id } = JSON.parse(await inspect("--json"));
  assert.deepEqual([known_at, row_id], ["loaded_at", "order_id"]);
});

Deno.test("known_at without an offset is in the source's time zone", async () => {
  await using shop = await open("known_at: loaded_at, timezone: America/New_York", METRICS);
  await shop.write("orders.csv", "user,at,amount,loaded_at\nann,2024-03-04T10:00:00,5,2024-03-04T20:00:00\n");
  await shop.build();
  // Known at 01:00 of the next day, in UTC.
  assert.deepEqual((await rowsOf(await shop.data("spend"))).map((row) => row[1]), ["2024-03-06 00:00:00"]);
});
