import assert from "node:assert/strict";
import { MlforgeError } from "../../src/error.ts";
import { meanShift, nullShift, populationStability } from "../../src/engines/drift.ts";
import { openWorkshop } from "./workshop.ts";

const definitions = (checks: string) =>
  `name: drift
sources: {rows: {path: rows.csv}}
features:
  one:
    source: rows
    keys: [id]
    timestamp: at
    checks:
${checks}
`;

/** 5,000 rows of a column, every tenth NULL where `nulls`. */
function csv(value: (i: number) => number, nulls = false): string {
  const rows = Array.from(
    { length: 5000 },
    (_, i) =>
      `${i},2026-01-01T00:${String(i % 60).padStart(2, "0")}:00,${nulls && i % 10 === 0 ? "" : value(i)}`,
  );
  return `id,at,x\n${rows.join("\n")}\n`;
}
const OLD = csv((i) => Math.sqrt(i * i % 997));
const NEW = csv((i) => Math.sqrt(i * i % 1009) * 1.1 + 1);

async function failed(building: Promise<unknown>): Promise<string[]> {
  try {
    await building;
    return [];
  } catch (error) {
    assert(error instanceof MlforgeError, String(error));
    return error.all().map(({ message }) => message.replace(/^.*failed: /, ""));
  }
}

/**
 * The figures are numpy's (2.4.6), of old = sqrt(i * i % 997) and new = sqrt(i * i % 1009) * 1.1 + 1 for i under 5000: np.histogram(old, bins=20) gives edges e and counts; the new counts are
 * np.histogram(new, bins=e) with those below and above; PSI = sum((A - E) * log(A / E)) over shares floored at 1e-4; the
 * shift is abs(new.mean() - old.mean()) / old.std(ddof=1).
 */
const PSI = 1.958821095128516;
const SHIFT = 0.4252322302468432;

Deno.test("drift compares with what is published, by the figures that numpy gives", async () => {
  const checks = (psi: number, mean: number) =>
    `      - {check: drift, column: x, measure: psi, threshold: ${psi}}
      - {check: drift, column: x, measure: mean, threshold: ${mean}}
      - {check: drift, column: x, measure: null_rate, threshold: 0}`;
  await using shop = await openWorkshop({ "definitions.yaml": definitions(checks(9, 9)), "rows.csv": OLD });
  const first = await shop.build();
  assert.deepEqual(first.notes.length, 3);
  assert.match(first.notes[0] ?? "", /one: drift of x has nothing to compare with: nothing is published yet/);

  await shop.write("rows.csv", NEW);
  await shop.write("definitions.yaml", definitions(checks(PSI - 1e-9, SHIFT - 1e-9)));
  assert.deepEqual(await failed(shop.build()), [
    `psi is 1.959 against 1.0.0, and may be ${PSI - 1e-9}`,
    `mean is 0.4252 against 1.0.0, and may be ${SHIFT - 1e-9}`,
  ]);
  assert.deepEqual(await shop.published(), { one: "1.0.0" });
  await shop.write("definitions.yaml", definitions(checks(PSI + 1e-9, SHIFT + 1e-9)));
  assert.deepEqual(await failed(shop.build()), []);
  assert.deepEqual(await shop.published(), { one: "1.0.1" });
});

Deno.test("drift of NULLs counts more and fewer alike, and a version can be named", async () => {
  const checks = (against: string) =>
    `      - {check: drift, column: x, measure: null_rate, threshold: 0.05, against: ${against}}`;
  await using shop = await openWorkshop({
    "definitions.yaml": definitions(checks("previous")),
    "rows.csv": OLD,
  });
  await shop.build();
  await shop.write("rows.csv", csv((i) => i + 0.5, true));
  assert.deepEqual(await failed(shop.build()), ["null_rate is 0.1 against 1.0.0, and may be 0.05"]);
  await shop.write("definitions.yaml", definitions(checks("7.0.0")));
  const report = await shop.build();
  assert.match(report.notes[0] ?? "", /7\.0\.0 has no such statistics/);
  await shop.write("rows.csv", OLD);
  await shop.write("definitions.yaml", definitions(checks("1.0.1")));
  assert.deepEqual(await failed(shop.build()), ["null_rate is 0.1 against 1.0.1, and may be 0.05"]);
});

Deno.test("drift of times is of their distribution", async () => {
  const checks = "      - {check: drift, column: at, measure: psi, threshold: 0.01}";
  await using shop = await openWorkshop({ "definitions.yaml": definitions(checks), "rows.csv": OLD });
  await shop.build();
  await shop.write("rows.csv", OLD.replaceAll("2026-01-01T00", "2026-01-01T01"));
  // All lies above: 20 (0.05 - 1e-4) ln(0.05 / 1e-4) + (1 - 1e-4) ln(1e4).
  assert.match((await failed(shop.build()))[0] ?? "", /psi is 15\.41 against 1\.0\.0/);
  await shop.write("rows.csv", OLD.replace(/,0$/m, ",1"));
  assert.deepEqual(await failed(shop.build()), []);
});

Deno.test("drift of a type that has none is refused before anything is computed", async () => {
  const checks = "      - {check: drift, column: at, measure: mean, threshold: 1}";
  await using shop = await openWorkshop({ "definitions.yaml": definitions(checks), "rows.csv": OLD });
  await assert.rejects(shop.build(), {
    code: "usage",
    message: 'Check drift of at of feature "one" can\'t measure mean of type timestamp[us]',
  });
});

Deno.test("populationStability() is 0 for equal shares, and finite for bins that were empty", () => {
  assert.equal(populationStability([1, 2, 3], [10, 20, 30]), 0);
  // (1 - 1e-4) ln(1e4), twice.
  assert.equal(populationStability([5, 0], [0, 5]).toFixed(10), (2 * (1 - 1e-4) * Math.log(1e4)).toFixed(10));
});

Deno.test("meanShift() of what never varied is 0 or without bound", () => {
  const one = { nulls: 0, distinct: 1, approximate_distinct: false, mean: 5, std: 0 };
  assert.equal(meanShift(one, one), 0);
  assert.equal(meanShift(one, { ...one, mean: 5.1 }), Infinity);
  assert.equal(meanShift({ ...one, std: 2 }, { ...one, mean: 4 }), 0.5);
  assert.equal(nullShift({ nulls: 0, rows: 0 }, { nulls: 1, rows: 4 }), 0.25);
});
