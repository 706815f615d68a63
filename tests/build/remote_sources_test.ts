import assert from "node:assert/strict";
import { join } from "node:path";
import { build } from "../../src/build/build.ts";
import { check } from "../../src/build/check.ts";
import { plan } from "../../src/build/plan.ts";
import { preview } from "../../src/build/preview.ts";
import { validate } from "../../src/build/validate.ts";
import { MlforgeError } from "../../src/error.ts";
import { openPublisher } from "../../src/publish/open.ts";
import { assertSameBytes, bytesOf } from "../fetch/bytes.ts";
import { isGet, sourceTest } from "./remote_bench.ts";
import { DEFINITIONS, EVENTS, openWorkshop, rowsOf } from "./workshop.ts";

/** 300,000 events of 8 numbers and a long text each, of which features read few columns. */
const WIDE = `SELECT i % 1000 AS "user", TIMESTAMP '2026-01-01' + to_seconds(i * 20) AS at, i % 97 AS amount,
  sha256(i::VARCHAR) AS note, hash(i) AS h1, hash(i + 1) AS h2, [i, i] AS list, {a: hash(i + 2), b: i} AS pair
  FROM range(300000) t(i)`;

const WIDE_FEATURE = `name: shop
sources: {events: {path: $B/in/wide.parquet}}
entities: {user: {join_key: user}}
features:
  spend:
    source: events
    entities: [user]
    timestamp: at
    interval: 1d
    metrics: [{windows: [1d], aggregations: {amount: [sum]}}]
`;

sourceTest("A source in a bucket gives the same bytes as a local file", async (bench) => {
  const json = EVENTS.trim().split("\n").slice(1).map((line) => {
    const [user, at, amount, shop] = line.split(",");
    return JSON.stringify({ user, at, amount: Number(amount), shop: Number(shop) });
  }).join("\n");
  const parquet = await bytesOf(
    "SELECT * FROM (VALUES ('ann', TIMESTAMP '2026-01-01 10:00', 10, 1), ('bob', TIMESTAMP '2026-01-02 12:00', 5, 1)) t(\"user\", \"at\", amount, shop)",
  );
  const files = [["events.csv", new TextEncoder().encode(EVENTS)], ["events.parquet", parquet], [
    "events.jsonl",
    new TextEncoder().encode(json),
  ]] as const;
  for (const [name, bytes] of files) {
    await bench.bucket.put(`in/${name}`, bytes);
    await using local = await openWorkshop({ "definitions.yaml": DEFINITIONS.replace("events.csv", name) });
    await Deno.writeFile(join(local.folder, name), bytes);
    await local.build();
    const report = await bench.build(DEFINITIONS.replace("events.csv", `$B/in/${name}`), { force: true });
    assert(report.items.every((item) => item.outcome === "built"), name);
    for (const feature of ["spend", "shops"]) {
      const data = await Deno.readFile(await bench.data(feature));
      assertSameBytes(data, await Deno.readFile(await local.data(feature)), `${feature} of ${name}`);
    }
  }
});

sourceTest("Partitions of a prefix are columns, as of a folder, whatever their names hold", async (bench) => {
  const folders = ["country=de/y=2024", "country=new%20zealand/y=2025", "country=ä b/y=2025"];
  const definitions = (path: string) =>
    `name: shop
sources: {events: {path: "${path}", format: csv}}
features:
  rows:
    source: events
    keys: [id]
    sql: select id, country, y, typeof(y) as kind from events
`;
  await using local = await openWorkshop({ "definitions.yaml": definitions("in/") });
  for (const [i, folder] of folders.entries()) {
    const text = `id\n${i}\n`;
    await bench.bucket.put(`in/${folder}/part one.csv`, text);
    await local.write(`in/${folder}/part one.csv`, text);
  }
  await local.build();
  const expected = await rowsOf(await local.data("rows"));
  assert.deepEqual(expected, [
    ["0", "de", "2024", "BIGINT"],
    ["1", "new zealand", "2025", "BIGINT"],
    ["2", "ä b", "2025", "BIGINT"],
  ]);
  await bench.build(definitions("$B/in/"));
  assert.deepEqual(await rowsOf(await bench.data("rows")), expected);
  await bench.build(definitions("$B/in/country=*/y=2025/*.csv"));
  assert.deepEqual(await rowsOf(await bench.data("rows")), expected.slice(1));
});

sourceTest("Of a large Parquet file only the columns that features see are fetched", async (bench) => {
  const wide = await bytesOf(WIDE, "FORMAT parquet, ROW_GROUP_SIZE 61440");
  await bench.bucket.put("in/wide.parquet", wide);
  await using local = await openWorkshop({
    "definitions.yaml": WIDE_FEATURE.replace("$B/in/wide.parquet", "wide.parquet"),
  });
  await Deno.writeFile(join(local.folder, "wide.parquet"), wide);
  await local.build();
  await bench.build(WIDE_FEATURE);
  const { bytes } = bench.read();
  assert(bytes < wide.length * 0.2, `${bytes} of ${wide.length} bytes were fetched`);
  assertSameBytes(
    await Deno.readFile(await bench.data("spend")),
    await Deno.readFile(await local.data("spend")),
  );
  const other = WIDE_FEATURE.replace("amount: [sum]", "h1: [max]");
  await bench.build(other);
  const more = bench.read().bytes;
  assert(more > 0 && more < wide.length * 0.2, `${more} of ${wide.length} bytes more`);
  const nested =
    `${WIDE_FEATURE}  nested: {source: events, keys: [u], sql: 'select "user" as u, max(pair.a) as a, ` +
    `max(list[1]) as l from events group by 1'}\n  rows: {source: events, keys: [n], sql: "select count(*) as n from events"}\n`;
  await bench.build(nested, { workers: 1 });
  assert.equal((await rowsOf(await bench.data("nested"))).length, 1000);
  assert.deepEqual(await rowsOf(await bench.data("rows")), [["300000"]]);
});

sourceTest(
  "Of a large Parquet file only the row groups that a query's filters leave are fetched",
  async (bench) => {
    const wide = await bytesOf(WIDE, "FORMAT parquet, ROW_GROUP_SIZE 30720");
    await bench.bucket.put("in/wide.parquet", wide);
    const definitions = (path: string) =>
      `name: shop
sources: {events: {path: ${path}}}
features:
  day:
    source: events
    keys: [user]
    timestamp: at
    sql: select * exclude (list, pair) from events where "at" >= '2026-01-10' and "at" < '2026-01-11' and "user" < 500
`;
    await using local = await openWorkshop({ "definitions.yaml": definitions("wide.parquet") });
    await Deno.writeFile(join(local.folder, "wide.parquet"), wide);
    await local.build();
    await bench.build(definitions("$B/in/wide.parquet"));
    const { bytes } = bench.read();
    assert(bytes < wide.length * 0.3, `${bytes} of ${wide.length} bytes were fetched`);
    assertSameBytes(
      await Deno.readFile(await bench.data("day")),
      await Deno.readFile(await local.data("day")),
    );
  },
);

sourceTest("Of partitions that a query leaves out only the footers are fetched", async (bench) => {
  const month = await bytesOf(WIDE);
  for (const name of ["y=2025/m=12", "y=2026/m=1", "y=2026/m=2"]) {
    await bench.bucket.put(`in/${name}/part.parquet`, month);
  }
  await bench.build(`name: shop
sources: {events: {path: $B/in/, format: parquet}}
features:
  some: {source: events, keys: [user, at], sql: "select * from events where y = 2026 and m = 2"}
`);
  const { bytes } = bench.read();
  assert(
    bytes > month.length && bytes < month.length + 140_000,
    `${bytes} bytes of files of ${month.length}`,
  );
  assert.equal((await rowsOf(await bench.data("some"))).length, 300_000);
});

sourceTest("A feature that sees all columns gets all bytes, once", async (bench) => {
  const wide = await bytesOf(WIDE);
  await bench.bucket.put("in/wide.parquet", wide);
  const whole = WIDE_FEATURE.replace("source: events\n", "source: events\n    sql: select * from events\n");
  await bench.build(whole);
  assert.equal(bench.read().bytes, wide.length);
  await bench.build(whole, { force: true });
  assert.equal(bench.read().bytes, 0);
});

sourceTest(
  "Nothing changed costs one look at the bucket, and another state is another version",
  async (bench) => {
    await bench.bucket.put("in/1.csv", EVENTS);
    await bench.bucket.put("in/2.csv", EVENTS.replace("ann", "eve"));
    const definitions = DEFINITIONS.replace("path: events.csv", "path: $B/in/, format: csv");
    await bench.build(definitions);
    bench.read();
    const again = await bench.build(definitions);
    assert.deepEqual(again.items.map(({ outcome }) => outcome), ["unchanged", "unchanged"]);
    assert.deepEqual(bench.read(), { bytes: 0, gets: 0, lists: 1, heads: 0 });
    await bench.bucket.put("in/2.csv", EVENTS.replace("ann", "joe"));
    const changed = await bench.build(definitions);
    assert.deepEqual(changed.items.map(({ version, bump }) => [version, bump]), [["1.0.1", "patch"], [
      "1.0.1",
      "patch",
    ]]);
    assert.equal(bench.read().bytes, EVENTS.length, "what stayed was in the cache");
    const meta = await (await openPublisher(bench.store)).metadata("spend", "1.0.1");
    assert.deepEqual(meta?.mlforge.sources.map(({ kind, files, bytes }) => [kind, files, bytes]), [
      ["token", 2, EVENTS.length * 2],
    ]);
  },
);

sourceTest(
  "A source that is replaced while it is read fails the features, and publishes nothing",
  async (bench) => {
    await bench.bucket.put("in/events.csv", EVENTS);
    const definitions = DEFINITIONS.replace("events.csv", "$B/in/events.csv");
    bench.proxy.fault(
      { kind: "first", act: () => bench.bucket.put("in/events.csv", EVENTS + "x,2026-01-01,1,1\n") },
      { when: isGet },
    );
    await assert.rejects(bench.build(definitions, { workers: 1 }), (error) => {
      assert(error instanceof MlforgeError);
      assert.match(error.message, /events\.csv changed while it was read \(source "events"\)/);
      assert.deepEqual(error.others, [], "of two features that read it, one error");
      assert.equal(error.place?.line, 3);
      return true;
    });
    assert.deepEqual((await (await openPublisher(bench.store)).read()).features.size, 0);
    await bench.build(definitions);
  },
);

sourceTest("Two builds at once fetch a source once", async (bench) => {
  const wide = await bytesOf(WIDE);
  await bench.bucket.put("in/wide.parquet", wide);
  const whole = WIDE_FEATURE.replace("source: events\n", "source: events\n    sql: select * from events\n");
  const request = await bench.request(whole);
  await Promise.all(
    ["store/one", "store/two"].map((prefix) => build({ ...request, store: { ...bench.store, prefix } })),
  );
  assert.equal(bench.read().bytes, wide.length);
});

sourceTest("--dry-run and validate read footers, --preview the columns, --check nothing", async (bench) => {
  const wide = await bytesOf(WIDE);
  await bench.bucket.put("in/wide.parquet", wide);
  const request = await bench.request(WIDE_FEATURE);
  const [item] = await plan(request);
  assert.deepEqual([item?.rows, item?.bytes, item?.next], [300_000, wide.length, "1.0.0"]);
  assert(bench.read().bytes < 70_000);
  await bench.emptyCache();
  assert.deepEqual(await validate(request), []);
  assert(bench.read().bytes < 70_000);
  const wrong = await bench.request(WIDE_FEATURE.replace("amount: [sum]", "amuont: [sum]"));
  assert.match((await validate(wrong))[0]?.message ?? "", /no column "amuont"/);
  const [shown] = await preview(request, 10);
  assert.deepEqual(shown?.rows[0], ["0", "2026-01-02 00:00:00", "203"]);
  assert(bench.read().bytes < wide.length / 4);
  await check(request);
  assert.deepEqual(bench.read(), { bytes: 0, gets: 0, lists: 0, heads: 0 });
});

sourceTest(
  "What is not there, or is no Parquet, is one error that names the source, at its place",
  async (bench) => {
    const failure = async (definitions: string) => {
      try {
        await bench.build(definitions, { workers: 1 });
      } catch (error) {
        assert(error instanceof MlforgeError);
        assert.equal(error.place?.line, 2);
        assert(!error.message.includes(bench.folder), error.message);
        return error.message;
      }
      assert.fail("it was built");
    };
    assert.match(
      await failure(WIDE_FEATURE),
      /There is no parquet object at ".*\/in\/wide\.parquet" \(source "events"\)/,
    );
    assert.match(await failure(WIDE_FEATURE.replace("wide", "*")), /No object matches/);
    const elsewhere = WIDE_FEATURE.replace(
      /\$B/,
      bench.bucket.address("").replace(/\/test-.*/, "/test-none"),
    );
    assert.match(await failure(elsewhere), /test-none.*\(source "events"\)/);
    for (const size of [100, 3 << 20]) {
      await bench.bucket.put("in/wide.parquet", new Uint8Array(size).fill(7));
      assert.match(
        await failure(WIDE_FEATURE),
        /Could not read source "events" \((s3|gs):\/\/.*wide\.parquet\): /,
      );
    }
  },
);

sourceTest("A build that is stopped while it fetches ends with what stopped it", async (bench) => {
  await bench.bucket.put("in/events.csv", EVENTS);
  const stop = new AbortController();
  bench.proxy.fault({
    kind: "first",
    act: () => stop.abort(new MlforgeError("interrupted", "Interrupted")),
  }, { when: isGet });
  bench.proxy.fault({ kind: "silent" }, { when: isGet });
  await assert.rejects(
    bench.build(DEFINITIONS.replace("events.csv", "$B/in/events.csv"), { signal: stop.signal }),
    (error) => error instanceof MlforgeError && error.code === "interrupted",
  );
});

sourceTest("Variables in a path choose the bucket", async (bench) => {
  await bench.bucket.put("in/events.csv", EVENTS);
  Deno.env.set("MLFORGE_TEST_BUCKET", bench.bucket.address("").slice(0, -1));
  const report = await bench.build(
    DEFINITIONS.replace("events.csv", "'${oc.env:MLFORGE_TEST_BUCKET}/in/events.csv'"),
  );
  Deno.env.delete("MLFORGE_TEST_BUCKET");
  assert(report.items.every(({ outcome }) => outcome === "built"));
});

sourceTest("More than a thousand objects are one source", async (bench) => {
  const count = 1010;
  for (let at = 0; at < count; at += 101) {
    await Promise.all(
      Array.from({ length: 101 }, (_, i) => bench.bucket.put(`in/${at + i}.csv`, `id,x\n${at + i},1\n`)),
    );
  }
  await bench.build(
    `name: shop\nsources: {events: {path: $B/in/, format: csv}}\nfeatures:\n` +
      `  total: {source: events, keys: [k], sql: "select 1 as k, count(*) as n, sum(id) as s from events group by 1"}\n`,
  );
  assert.deepEqual(await rowsOf(await bench.data("total")), [["1", "1010", String(1010 * 1009 / 2)]]);
  assert.equal(bench.read().gets, count);
}, ["s3"]);
