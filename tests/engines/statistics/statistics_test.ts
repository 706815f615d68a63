import assert from "node:assert/strict";
import { apart, measure } from "./bench.ts";

const RANDOM = (which: number) => `((hash(i * 7 + ${which}) >> 11)::DOUBLE / ${2 ** 53})`;
const SHARES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

/** Distributions that break what is written for a tame one. */
const NUMBERS: [what: string, expression: string][] = [
  ["uniform", `${RANDOM(1)} * 100 - 50`],
  ["heavy of tail, on both sides", `tan((${RANDOM(1)} - 0.5) * 3.14159)`],
  ["log-uniform over 200 powers of ten", `10 ** (${RANDOM(1)} * 200 - 100)`],
  ["near each other and far from zero", `1e9 + ${RANDOM(1)}`],
  ["mostly zero", `CASE WHEN ${RANDOM(1)} < 0.9 THEN 0 ELSE ${RANDOM(2)} END`],
  ["all the same", "7.5"],
  ["small integers", `floor(${RANDOM(1)} * 20)::TINYINT`],
  ["integers of 64 bits", `(${RANDOM(1)} * 9e18)::BIGINT - 4500000000000000000`],
  ["unsigned", `(${RANDOM(1)} * 4e9)::UINTEGER`],
  ["decimals", `(${RANDOM(1)} * 1e6 - 5e5)::DECIMAL(9, 2)`],
  ["decimals of 128 bits, small ones negative", `(${RANDOM(1)} * 10 - 5)::DECIMAL(38, 10)`],
  ["floats of 32 bits", `(${RANDOM(1)} * 10)::FLOAT`],
];

for (const [what, expression] of NUMBERS) {
  Deno.test(`statistics of numbers that are ${what} agree with the engine's own aggregates`, async () => {
    using data = await measure(
      `SELECT CASE WHEN i % 10 = 3 THEN NULL ELSE ${expression} END AS x FROM range(50000) t(i)`,
    );
    const x = data.statistics["x"]!;
    const [nulls, distinct, min, max, mean, std, ...quantiles] = (await data.exact(
      `count(*) - count(x), count(DISTINCT x), min(x)::DOUBLE, max(x)::DOUBLE, avg(x::DOUBLE), stddev_samp(x::DOUBLE), ${
        SHARES.map((q) => `list_sort(list(x::DOUBLE))[1 + floor(${q} * (count(x) - 1))::BIGINT]`)
      }`,
    )).map(Number);
    assert.equal(x.nulls, nulls);
    if (x.approximate_distinct) assert(apart(x.distinct, distinct!) < 0.03, `${x.distinct} for ${distinct}`);
    else assert.equal(x.distinct, distinct);
    assert.deepEqual([Number(x.min), Number(x.max)], [min, max]);
    assert(apart(x.mean!, mean!) < 1e-9 || Math.abs(x.mean! - mean!) < 1e-12 * std!, `${x.mean} for ${mean}`);
    assert(apart(x.std!, std!) < 1e-6, `${x.std} for ${std}`);
    SHARES.forEach((share, i) => {
      const found = Number(x.quantiles?.[share]);
      assert(apart(found, quantiles[i]!) <= 1 / 128, `${share}: ${found} for ${quantiles[i]}`);
      assert(Math.abs(found) <= Math.abs(quantiles[i]!) || found === min || found === max);
    });
    const { histogram } = x;
    assert.equal(histogram!.counts.reduce((a, b) => a + b), 50000 - nulls!);
    const width = `((max(x)::DOUBLE - min(x)::DOUBLE) / 20)`;
    const [inFirst] = await data.exact(
      `(SELECT count(*) FROM data, (SELECT min(x)::DOUBLE AS low, ${width} AS w FROM data)
        WHERE x IS NOT NULL AND floor((x::DOUBLE - low) / w) <= 0 OR w = 0 AND x IS NOT NULL)`,
    );
    assert.equal(histogram!.counts[0], Number(inFirst));
  });
}

Deno.test("NaN and infinity are counted apart, and are in nothing else", async () => {
  using data = await measure(
    `SELECT unnest([1.0, 3.0, 'nan'::DOUBLE, 'nan', 'inf', '-inf', NULL]) AS x`,
  );
  assert.deepEqual(data.statistics["x"], {
    nulls: 1,
    distinct: 5,
    approximate_distinct: false,
    not_finite: 4,
    min: 1,
    max: 3,
    mean: 2,
    std: Math.SQRT2,
    quantiles: { "0.01": 1, "0.05": 1, "0.25": 1, "0.5": 1, "0.75": 1, "0.95": 1, "0.99": 1 },
    histogram: { from: 1, to: 3, counts: [1, ...new Array(18).fill(0), 1] },
  });
});

Deno.test("numbers whose squares no double holds have no spread, and break nothing", async () => {
  using data = await measure("SELECT unnest([-1e300, 1e300]) AS x");
  const { mean, std, histogram } = data.statistics["x"]!;
  assert.deepEqual([mean, std, histogram?.counts.at(-1)], [0, undefined, 1]);
});

Deno.test("zero of either sign is one value", async () => {
  using data = await measure("SELECT unnest([0.0, '-0'::DOUBLE, 1.0]) AS x");
  assert.equal(data.statistics["x"]?.distinct, 2);
});

Deno.test("columns without any value have no ends", async () => {
  using data = await measure(
    "SELECT NULL::DOUBLE AS d, NULL::VARCHAR AS s, NULL::TIMESTAMP AS t FROM range(3)",
  );
  const none = { nulls: 3, distinct: 0, approximate_distinct: false };
  assert.deepEqual(data.statistics, { d: none, s: none, t: none });
});

Deno.test("every type has statistics, and those that make sense for it", async () => {
  using data = await measure(`SELECT * FROM (VALUES
    (true, DATE '2026-01-01', TIMESTAMP '2026-01-01 00:00:00.000001', TIMESTAMPTZ '2026-01-01 02:00:00+02', 'b', [1], UUID '00000000-0000-0000-0000-000000000001', 'a'::ENUM('z', 'a'), TIME '10:00'),
    (false, DATE '2026-01-03', TIMESTAMP '2026-01-03', TIMESTAMPTZ '2026-01-03 00:00:00Z', 'a', [2], UUID '00000000-0000-0000-0000-000000000002', 'z', TIME '11:00'))
    v(b, d, t, z, s, l, u, e, h)`);
  const ends = Object.entries(data.statistics).map((
    [name, { min, max, distinct }],
  ) => [name, min, max, distinct]);
  assert.deepEqual(ends, [
    ["b", false, true, 2],
    ["d", "2026-01-01", "2026-01-03", 2],
    ["t", "2026-01-01T00:00:00.000001Z", "2026-01-03T00:00:00.000000Z", 2],
    ["z", "2026-01-01T00:00:00.000000Z", "2026-01-03T00:00:00.000000Z", 2],
    ["s", "a", "b", 2],
    ["l", undefined, undefined, 2],
    ["u", undefined, undefined, 2],
    ["e", "a", "z", 2],
    ["h", undefined, undefined, 2],
  ]);
  assert.equal(data.statistics["b"]?.mean, 0.5);
  assert.deepEqual(data.statistics["d"]?.histogram?.from, "2026-01-01");
  assert.equal(data.statistics["t"]?.mean, undefined);
});

Deno.test("many different values are estimated within three standard errors, of every kind", async () => {
  using data = await measure(
    `SELECT i AS n, 'user ' || i AS s, i::DOUBLE / 3 AS d, [i] AS l, i % 1024 AS few FROM range(300000) t(i)`,
  );
  for (const name of ["n", "s", "d", "l"]) {
    const { distinct, approximate_distinct } = data.statistics[name]!;
    assert(approximate_distinct);
    assert(apart(distinct, 300000) < 0.025, `${name}: ${distinct}`);
  }
  assert.deepEqual(
    [data.statistics["few"]?.distinct, data.statistics["few"]?.approximate_distinct],
    [1024, false],
  );
});

Deno.test("short texts are told apart by what they are, long ones by their hash", async () => {
  using data = await measure(
    `SELECT CASE WHEN i % 5 > 0 THEN (i % 900)::VARCHAR END AS short, repeat('long text ', 3) || i % 700 AS long,
       chr(0) || (i % 3)::VARCHAR AS zero, left('aaaaaaaaaaaa', (i % 13)::INTEGER) AS prefix, (i * 7919)::VARCHAR AS many
     FROM range(20000) t(i)`,
  );
  const distinct = (name: string) => data.statistics[name]?.distinct;
  assert.deepEqual(["short", "long", "zero", "prefix"].map(distinct), [720, 700, 3, 13]);
  assert.equal(data.statistics["short"]?.nulls, 4000);
  assert(apart(distinct("many") ?? 0, 20000) < 0.025, `${distinct("many")}`);
});

Deno.test("integers that doubles can't tell apart are different values, with exact ends", async () => {
  using data = await measure("SELECT 9007199254740992 + i AS x FROM range(4) t(i)");
  const { distinct, min, max } = data.statistics["x"]!;
  assert.deepEqual([distinct, min, max], [4, "9007199254740992", "9007199254740995"]);
});

Deno.test("statistics are the same bits for any number of threads", async () => {
  const sql = `SELECT i AS id, ${RANDOM(1)} AS x, tan(${RANDOM(2)}) AS y FROM range(400000) t(i) ORDER BY i`;
  using one = await measure(sql, { threads: 1 });
  using four = await measure(sql, { threads: 4 });
  assert.deepEqual(four.statistics, one.statistics);
});
