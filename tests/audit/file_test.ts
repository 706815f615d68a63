import assert from "node:assert/strict";
import type { Leak } from "../../src/audit/leaks.ts";
import { verdict } from "../../src/audit/report.ts";
import { refusal } from "../retrieve/visits.ts";
import { looksOf, of, openGround } from "./ground.ts";

/** Labels at the very times of events and between them, before all data and beyond it, and of a user who is not there. */
const LABELS = `SELECT row_number() OVER (ORDER BY user, seen) - 1 AS n, * FROM (
    SELECT DISTINCT user, seen FROM events
    UNION ALL SELECT DISTINCT user, seen + INTERVAL '13 hours' FROM events
    UNION ALL SELECT 'u0', TIMESTAMP '2026-01-01' - INTERVAL '1 year'
    UNION ALL SELECT 'u0', TIMESTAMP '2026-03-01'
    UNION ALL SELECT 'nobody', TIMESTAMP '2026-01-10'
    UNION ALL SELECT 'u1', NULL
  )`;
const VALUE = "spend__amount__sum__1d__7d";

/** The training set with one feature's column as another join gives it. */
const joined = (column: string, value: string) =>
  `SELECT t.* REPLACE (${value} AS ${column}) FROM '$DIR/train.parquet' t ORDER BY n`;

Deno.test("audit leak FILE finds what was retrieved right: every rule, every kind of feature", async () => {
  await using ground = await openGround();
  for (
    const request of [
      {},
      { fill: { numbers: "0", columns: { profile__shop: "-1" } } },
      { maxAge: { spend: 3 * 86400, visits: 7200 } },
      { afterWatermark: "use" },
      { features: ["spend:spend__amount__max__1d__1d", "visits", "profile:usual"] },
    ] as const
  ) {
    await ground.retrieve(LABELS, { features: ["spend", "visits", "profile"], ...request });
    const report = await ground.auditFile();
    assert.deepEqual(report.features.map(looksOf), [{}, {}, {}], JSON.stringify(request));
    assert.ok(report.features.every(({ columns }) => columns.every(({ sampled }) => sampled > 300)));
    assert.equal(verdict(report), undefined);
  }
});

Deno.test("audit leak FILE reads CSV as well, by the lock beside it; keys may be called otherwise", async () => {
  await using ground = await openGround();
  await ground.retrieve(`SELECT user AS customer, seen AS asked FROM (${LABELS}) WHERE seen IS NOT NULL`, {
    features: ["spend", "profile"],
    keys: { user: "customer" },
    time: "asked",
    output: `${ground.shop.folder}/train.csv`,
    fill: { columns: { profile__shop: "7" } },
  });
  const report = await ground.auditFile({ file: `${ground.shop.folder}/train.csv` });
  assert.deepEqual([report.features.map(looksOf), report.notes], [[{}, {}], []]);
  const text = await Deno.readTextFile(`${ground.shop.folder}/train.csv`);
  await Deno.writeTextFile(`${ground.shop.folder}/train.csv`, text.replace(/\d+\n$/, "12345\n"));
  const altered = await ground.auditFile({ file: `${ground.shop.folder}/train.csv` });
  assert.deepEqual(looksOf(of(altered, "profile")), { profile__usual: "differs" });
  assert.match(altered.notes.join(), /train.csv is not the file that .*train.lock.json names/);
});

const PLANTED: [
  leak: Leak,
  feature: string,
  column: string,
  value: string,
  request?: object,
][] = [
  [
    "nearest",
    "spend",
    VALUE,
    `(SELECT arg_min(f.${VALUE}, abs(epoch_us(f.seen) - epoch_us(t.seen))) FROM spend f WHERE f.user = t.user AND t.seen IS NOT NULL)`,
  ],
  [
    "bucket_start",
    "spend",
    VALUE,
    `(SELECT arg_max(f.${VALUE}, f.seen) FROM spend f WHERE f.user = t.user AND f.seen <= t.seen + INTERVAL '1 day')`,
  ],
  [
    "later",
    "spend",
    VALUE,
    `(SELECT arg_min(f.${VALUE}, f.seen) FROM spend f WHERE f.user = t.user AND f.seen > t.seen)`,
  ],
  [
    "beyond_data",
    "spend",
    VALUE,
    `(SELECT arg_max(f.${VALUE}, f.seen) FROM spend f WHERE f.user = t.user AND f.seen <= t.seen)`,
  ],
  [
    "too_old",
    "spend",
    VALUE,
    `CASE WHEN t.seen < '2026-02-10' THEN (SELECT arg_max(f.${VALUE}, f.seen) FROM spend f WHERE f.user = t.user AND f.seen <= t.seen) END`,
    { maxAge: { spend: 3600 } },
  ],
  [
    "window_too_long",
    "spend",
    VALUE,
    `(SELECT coalesce(sum(e.amount), 0) FROM events e WHERE e.user = t.user AND e.seen < f.seen AND e.seen >= f.seen - INTERVAL '8 days')`,
  ],
  [
    "same_time",
    "visits",
    "visits__amount",
    "(SELECT arg_max_null(f.amount, f.seen) FROM visits f WHERE f.user = t.user AND f.seen <= t.seen)",
  ],
  [
    "nearest",
    "visits",
    "visits__amount",
    "(SELECT arg_min_null(f.amount, abs(epoch_us(f.seen) - epoch_us(t.seen))) FROM visits f WHERE f.user = t.user AND t.seen IS NOT NULL)",
  ],
];

for (const [leak, feature, column, value, request] of PLANTED) {
  Deno.test(`audit leak FILE finds a planted leak in ${feature}, and tells which one it is: ${leak}`, async () => {
    await using ground = await openGround();
    await ground.retrieve(LABELS, { features: ["spend", "visits"], ...request });
    const stamped = leak === "window_too_long"
      ? `SELECT t.* REPLACE (CASE WHEN f.seen IS NULL THEN NULL ELSE ${value} END AS ${column})
         FROM '$DIR/train.parquet' t ASOF LEFT JOIN spend f ON f.user = t.user AND t.seen >= f.seen AND t.seen < '2026-02-01' ORDER BY n`
      : joined(column, value);
    await ground.alter(stamped);
    const found = of(await ground.auditFile(), feature);
    assert.deepEqual(looksOf(found), { [column]: leak });
    const [example] = found.columns.find((one) => one.column === column)?.examples ?? [];
    assert.notEqual(example?.row, undefined);
    assert.notEqual(example?.published, example?.recomputed);
  });
}

Deno.test("what can't be recomputed is said not to be checked, and does not pass for right", async () => {
  await using ground = await openGround();
  await ground.retrieve(LABELS, { features: ["spend", "profile"] });
  const { shop } = ground;
  const text = await Deno.readTextFile(`${shop.folder}/definitions.yaml`);
  await shop.write("definitions.yaml", text.replace("windows: [1d, 7d]", "windows: [1d, 7d, 14d]"));
  const report = await ground.auditFile();
  assert.match(
    of(report, "spend").not_checked ?? "",
    /Can't recompute "spend" 1.0.0: its definition is another one now/,
  );
  assert.deepEqual(looksOf(of(report, "profile")), {});
  assert.equal(verdict(report)?.message, "Not checked: spend");
  await Deno.remove(`${shop.store.path}/profile`, { recursive: true });
  assert.match(
    of(await ground.auditFile(), "profile").not_checked ?? "",
    /"profile" 1.0.0: it is gone from the store/,
  );
});

Deno.test("audit leak FILE refuses what it can't read, and says what to do", async () => {
  await using ground = await openGround();
  const { folder } = ground.shop;
  const audit = (file: string, request: object = {}) =>
    ground.auditFile({ file: `${folder}/${file}`, ...request });
  await refusal(audit("train.parquet"), /Can't read the training set ".*train.parquet"/, /no such file/);
  await refusal(audit("events.parquet"), /carries no lock, and there is none beside it/, /--lock/);
  await ground.retrieve(LABELS, { features: ["spend"] });
  await refusal(
    audit("train.parquet", { features: ["spned"] }),
    /has no feature "spned"/,
    /"spend"/,
  );
  await refusal(
    audit("events.parquet", { lock: `${folder}/train.lock.json` }),
    /events.parquet" has no column "spend__/,
    /./,
  );
  await Deno.writeTextFile(`${folder}/x.arrow`, "");
  await refusal(audit("x.arrow"), /Arrow's file format/, /Parquet/);
  await Deno.writeTextFile(`${folder}/broken.parquet`, "no Parquet");
  await refusal(audit("broken.parquet"), /Could not read the training set/, /./, "failed");
});
