import * as fc from "fast-check";
import assert from "node:assert/strict";
import { retrieve } from "../../src/retrieve/retrieve.ts";
import { type Value, withBench } from "./store.ts";

const HOUR = 3600;
/** Monday 2024-01-01 00:00 UTC, in seconds. */
const START = 1_704_067_200;

interface Row {
  user: number | null;
  shop: string;
  /** Seconds after START. */
  at: number;
}

/** What a label may know, by looking at every row of the feature. */
function known(
  label: Row | { at: null; user: number; shop: string },
  rows: readonly Row[],
  rule: Rule,
): Value {
  if (label.at === null || label.user === null) return null;
  const { at } = label;
  if (rule.beyond !== undefined && at >= rule.beyond) return null;
  let best = -1;
  rows.forEach((row, i) => {
    const same = row.user === label.user && row.shop === label.shop;
    const early = rule.strict ? row.at < at : row.at + rule.delay <= at;
    if (same && early && (best < 0 || row.at > (rows[best]?.at ?? 0))) best = i;
  });
  return best < 0 ? null : best;
}

interface Rule {
  strict: boolean;
  /** From the stamp to the moment it is known. */
  delay: number;
  beyond: number | undefined;
}

const place = { user: fc.integer({ min: 1, max: 3 }), shop: fc.constantFrom("a", "b") };
/** Buckets of an hour, and moments at and just beside them. */
const bucket = fc.integer({ min: 0, max: 12 }).map((n) => n * HOUR);
const moment = fc.tuple(fc.integer({ min: -1, max: 15 }), fc.constantFrom(-1, 0, 1, 1800)).map(([n, d]) =>
  n * HOUR + d
);
const rows = fc.uniqueArray(fc.record({ ...place, at: bucket }), {
  selector: ({ user, shop, at }) => `${user} ${shop} ${at}`,
  maxLength: 40,
});
const labels = fc.array(
  fc.record({
    user: fc.option(place.user, { nil: null }),
    shop: place.shop,
    at: fc.option(moment, { nil: null, freq: 10 }),
  }),
  { minLength: 1, maxLength: 60 },
);

function table(items: readonly { user: number | null; shop: string; at: number | null }[]): string {
  const values = items.map(({ user, shop, at }, i) =>
    `(${user}::INTEGER, '${shop}', ${
      at === null ? "NULL" : `make_timestamp(${(START + at) * 1_000_000})`
    }, ${i})`
  );
  // A first row that is left out again fixes the types where there is none.
  return `SELECT * FROM (VALUES (0::INTEGER, '', TIMESTAMP '2000-01-01', -1)${
    values.map((v) => `, ${v}`).join("")
  }) v(user_id, shop, seen_at, n) WHERE n >= 0`;
}

Deno.test("every label gets what a look at every row says it may know: buckets, events, Python's buckets, all at once", async () => {
  await withBench(async (bench) => {
    await fc.assert(
      fc.asyncProperty(rows, rows, labels, async (buckets, events, asked) => {
        const newest = Math.max(0, ...buckets.map(({ at }) => at)) - 1;
        const common = { keys: ["user_id", "shop"], timestamp: "seen_at" };
        await bench.feature({
          ...common,
          name: "buckets",
          sql: table(buckets),
          stamp: "bucket_end",
          interval: "1h",
          watermark: new Date((START + newest) * 1000).toISOString(),
        });
        await bench.feature({
          ...common,
          name: "python",
          sql: table(buckets),
          stamp: "bucket_start",
          interval: "1h",
          python: true,
        });
        await bench.feature({ ...common, name: "events", sql: table(events), stamp: "event" });
        await bench.run(`COPY (${table(asked as Row[])}) TO '$DIR/labels.parquet' (FORMAT parquet)`);
        const report = await retrieve({
          publisher: bench.publisher,
          labels: `${bench.folder}/labels.parquet`,
          features: ["buckets", "python", "events"],
          output: `${bench.folder}/out.parquet`,
        });
        // The newest event lies in the last bucket; one interval after its end nothing is known.
        const beyond = (Math.floor(newest / HOUR) + 2) * HOUR;
        const rules: [rows: readonly Row[], rule: Rule][] = [
          [buckets, { strict: false, delay: 0, beyond }],
          [buckets, { strict: false, delay: HOUR, beyond: undefined }],
          [events, { strict: true, delay: 0, beyond: undefined }],
        ];
        const expected = asked.map((
          label,
          i,
        ) => [i, ...rules.map(([rows, rule]) => known(label as Row, rows, rule))]);
        const got = await bench.rows("SELECT n, buckets__n, python__n, events__n FROM '$DIR/out.parquet'");
        assert.deepEqual(got, expected);
        for (const [i, found] of report.features.entries()) {
          assert.equal(found.matched, expected.filter((row) => row[i + 1] !== null).length);
          assert.equal(found.matched + found.unmatched + found.beyond, asked.length);
        }
        assert.equal(
          report.features[0]?.beyond,
          asked.filter(({ at }) => at !== null && at >= beyond).length,
        );
      }),
      { numRuns: 40 },
    );
  });
});
