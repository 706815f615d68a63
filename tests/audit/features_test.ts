import assert from "node:assert/strict";
import { auditFeatures } from "../../src/audit/audit_features.ts";
import { verdict } from "../../src/audit/report.ts";
import { openWorkshop } from "../build/workshop.ts";
import { looksOf, of, openGround } from "./ground.ts";

const SPEND = ["1d", "7d"].flatMap((window) =>
  ["amount__sum", "amount__mean", "amount__max", "rows__count"].map((metric) =>
    `spend__${metric}__1d__${window}`
  )
);

/** The published rows with values of other windows: `of` says of an event e and a window w whether it is in it at p.seen. */
const windowed = (of: string) => {
  const values = SPEND.map((name) => {
    const [, column, aggregation, , window] = name.split("__");
    const value = aggregation === "count" ? "count(e.seen)" : `${aggregation}(e.${column})`;
    const condition = of.replaceAll("w", `INTERVAL '${window?.replace("d", " days")}'`);
    const found = `${value} FILTER (WHERE ${condition})`;
    return `${aggregation === "sum" ? `coalesce(${found}, 0)` : found} AS ${name}`;
  });
  return `SELECT p.user, p.seen, ${
    values.join(", ")
  } FROM spend p JOIN events e ON e.user = p.user GROUP BY p.user, p.seen`;
};

Deno.test("audit leak finds what was built right: features with metrics, with event times, without time", async () => {
  await using ground = await openGround();
  const report = await ground.audit();
  for (const { columns, rows } of report.features) {
    assert.deepEqual(columns.filter(({ equal, sampled }) => equal !== sampled || sampled === 0), []);
    assert.deepEqual([rows?.missing, rows?.extra], [0, 0]);
  }
  assert.deepEqual(report.features.map(({ feature, columns }) => [feature, columns.length]), [
    ["profile", 2],
    ["spend", 8],
    ["visits", 1],
  ]);
  assert.equal(verdict(report), undefined);
});

for (
  const [leak, of_] of Object.entries({
    window_too_long: "e.seen >= p.seen - w - INTERVAL '1 day' AND e.seen < p.seen",
    reaches_beyond: "e.seen >= p.seen - w AND e.seen < p.seen + INTERVAL '1 day'",
    closed_window: "e.seen >= p.seen - w AND e.seen <= p.seen",
  })
) {
  Deno.test(`audit leak finds a planted leak, and tells which one it is: ${leak}`, async () => {
    await using ground = await openGround();
    await ground.publish("spend", windowed(of_));
    const spend = of(await ground.audit({ features: ["spend"] }), "spend");
    const looks = looksOf(spend);
    assert.deepEqual([...new Set(Object.values(looks))], [leak]);
    // A window's greatest value can be the same all the same.
    assert.deepEqual(SPEND.filter((name) => !(name in looks) && !name.includes("max")), []);
    assert.deepEqual([spend.rows?.missing, spend.rows?.extra], [0, 0]);
  });
}

Deno.test("audit leak finds a planted leak, and tells which one it is: bucket_start, whose rows are others, too", async () => {
  await using ground = await openGround();
  await ground.publish("spend", "SELECT * REPLACE (seen - INTERVAL '1 day' AS seen) FROM spend");
  const spend = of(await ground.audit({ features: ["spend"] }), "spend");
  assert.deepEqual(looksOf(spend), Object.fromEntries(SPEND.map((name) => [name, "bucket_start"])));
  const { missing = 0, extra = 0, examples = [] } = spend.rows ?? {};
  assert.ok(missing > 0 && extra > 0);
  // Each user's first row stands a day too early.
  assert.deepEqual(examples[0], { key: { user: "u0" }, at: "2026-01-01 00:00:00", is: "extra" });
});

Deno.test("a value that differs is shown with its key, its stamp and both values", async () => {
  await using ground = await openGround();
  await ground.publish(
    "visits",
    "SELECT * REPLACE (CASE WHEN seen = (SELECT max(seen) FROM visits) THEN 5 ELSE amount END AS amount) FROM visits",
  );
  const report = await ground.audit({ features: ["visits"] });
  const [[user, at, amount] = []] = await ground.rows(
    "SELECT user, max(seen)::VARCHAR, arg_max(amount, seen)::VARCHAR FROM events GROUP BY user ORDER BY max(seen) DESC LIMIT 1",
  );
  assert.deepEqual(of(report, "visits").columns, [{
    column: "amount",
    sampled: of(report, "visits").columns[0]?.sampled,
    equal: (of(report, "visits").columns[0]?.sampled ?? 0) - 1,
    differing: 1,
    examples: [{ key: { user: String(user) }, at: String(at), published: "5.0", recomputed: String(amount) }],
  }]);
  assert.match(verdict(report)?.message ?? "", /Not what the sources give: visits/);
});

Deno.test("the same seed takes the same sample, another one another; a sample has rows of each kind", async () => {
  await using ground = await openGround();
  await ground.publish(
    "spend",
    "SELECT * REPLACE (spend__rows__count__1d__1d + 1 AS spend__rows__count__1d__1d) FROM spend",
  );
  const sampled = async (seed: number) =>
    of(await ground.audit({ features: ["spend:spend__rows__count__1d__1d"], sample: 12, seed }), "spend");
  assert.deepEqual(await sampled(1), await sampled(1));
  assert.notDeepEqual((await sampled(1)).columns[0]?.examples, (await sampled(2)).columns[0]?.examples);
  const [column] = (await sampled(1)).columns;
  assert.deepEqual([column?.sampled, column?.differing], [12, 12]);
});

Deno.test("a feature whose source or definition is another one by now is said not to be checked", async () => {
  await using ground = await openGround();
  await ground.run("COPY (SELECT * FROM events LIMIT 200) TO '$DIR/new.parquet' (FORMAT parquet)");
  await Deno.rename(`${ground.shop.folder}/new.parquet`, `${ground.shop.folder}/events.parquet`);
  const report = await ground.audit();
  assert.match(
    of(report, "spend").not_checked ?? "",
    /Can't recompute "spend" 1.0.0: source events .* was \w+ and is/,
  );
  assert.deepEqual(of(report, "spend").columns, []);
  const error = verdict(report);
  assert.deepEqual([error?.code, error?.message], ["failed", "Not checked: profile, spend, visits"]);
});

const LATE = `name: shop
sources:
  events: {path: events.parquet, known_at: loaded}
entities:
  user: {join_key: user}
features:
  spend:
    source: events
    entities: [user]
    timestamp: seen
    interval: 1d
    metrics:
      - {windows: [7d], aggregations: {amount: [sum]}}
  visits:
    source: events
    entities: [user]
    timestamp: seen
`;
/** Every fourth event is loaded two days late. */
const LATE_EVENTS = `SELECT 'u' || i % 3 AS user, TIMESTAMP '2026-01-01' + to_hours((i * 7)::INTEGER) AS seen,
  CASE WHEN i % 4 = 0 THEN seen + INTERVAL '2 days' ELSE seen + INTERVAL '1 minute' END AS loaded, i::DOUBLE AS amount
  FROM range(90) t(i)`;

Deno.test("audit leak finds a planted leak, and tells which one it is: known_at", async () => {
  await using ground = await openGround({ definitions: LATE, events: LATE_EVENTS });
  assert.deepEqual((await ground.audit()).features.map(looksOf), [{}, {}]);
  await ground.publish(
    "spend",
    `SELECT p.user, p.seen, coalesce(sum(e.amount), 0) AS spend__amount__sum__1d__7d FROM spend p LEFT JOIN events e
     ON e.user = p.user AND e.seen >= p.seen - INTERVAL '7 days' AND e.seen < p.seen GROUP BY p.user, p.seen`,
  );
  assert.deepEqual(looksOf(of(await ground.audit(), "spend")), { spend__amount__sum__1d__7d: "known_at" });
});

Deno.test("audit leak says so where nothing is published", async () => {
  await using shop = await openWorkshop();
  const request = { project: await shop.load(), store: shop.store, sample: 10, seed: 1 };
  await assert.rejects(auditFeatures(request), { code: "usage", message: /^Nothing is published/ });
});
