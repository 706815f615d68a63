import assert from "node:assert/strict";
import fc from "fast-check";
import { asKnown } from "../../src/engines/duckdb/as_known.ts";
import { MlforgeError } from "../../src/error.ts";
import { TYPES } from "./rolling/events.ts";
import { KEYS } from "./rolling/event_table.ts";
import { counting, type Version } from "./rolling/known_oracle.ts";
import { countingRows, delays, fillVersions, loadedAt, type VersionRow } from "./rolling/versions.ts";
import { workbench } from "./rolling/workbench.ts";

const SECOND = 1_000_000n;
const types = TYPES.filter(({ sql }) => sql === "BIGINT");

const cases = fc.record({
  versioned: fc.boolean(),
  rows: fc.array(
    fc.record({
      keys: fc.tuple(fc.option(fc.constantFrom("ann", "bob"), { freq: 12 }), fc.constant(1n)),
      time: fc.option(fc.bigInt({ min: 0n, max: 12n }).map((n) => n * 10n * SECOND), { freq: 12 }),
      delay: fc.option(delays(10), { freq: 12 }),
      row: fc.option(fc.constantFrom("r1", "r2", "r3"), { freq: 12 }),
      values: fc.tuple(fc.option(fc.bigInt({ min: 0n, max: 5n }), { freq: 4 })),
    }).map(({ delay, ...row }): VersionRow => ({ ...row, knownAt: loadedAt(row.time, delay) })),
    { maxLength: 14 },
  ),
});

/** The versions of a key that have the newest time of those that count: several where nothing says which one it is. */
function newest(versions: readonly Version[], key: string, moment: bigint): Version[] {
  const own = counting(versions, moment).filter((one) => one.key === key);
  const last = own.reduce((most, { time }) => time > most ? time : most, -1n);
  return own.filter(({ time }) => time === last);
}

/** The moments at which something may change. */
function momentsOf(versions: readonly Version[]): bigint[] {
  return [...new Set(versions.flatMap(({ time, knownAt }) => [time, knownAt]))];
}

function countTwice(versions: readonly Version[]): boolean {
  return momentsOf(versions).some((moment) => {
    const names = counting(versions, moment + 1n).map(({ key, time }) => `${key} ${time}`);
    return new Set(names).size < names.length;
  });
}

Deno.test("the newest row before any moment, of a feature with event times, is what was known then", async () => {
  using bench = await workbench();
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(cases, async (tried) => {
      const versions = await fillVersions(bench, { ...tried, types });
      const rows = await countingRows(bench, tried.versioned);
      await bench.run("DROP TABLE IF EXISTS known");
      const done = asKnown(bench as never, task, { rows, validity: rows.validity!, into: "known" });
      if (countTwice(versions)) {
        await assert.rejects(
          done,
          (error) =>
            error instanceof MlforgeError && /has several rows for .* that count at once/.test(error.message),
        );
        refused++;
        return;
      }
      await done;
      const known = await bench.rows("SELECT k0, k1, epoch_us(t), v0 FROM known");
      for (const key of new Set(versions.filter((one) => !one.void).map((one) => one.key))) {
        const own = known.filter(([k0, k1]) => JSON.stringify([k0, String(k1)]) === key);
        assert.deepEqual(
          own.map((row) => row[2]),
          [...new Set(own.map((row) => row[2] as bigint))].sort(order),
        );
        for (const moment of momentsOf(versions).flatMap((m) => [m - 1n, m, m + 1n])) {
          const row = own.findLast(([, , stamp]) => (stamp as bigint) < moment);
          const [expected] = newest(versions, key, moment);
          assert.equal(
            row?.[3] ?? null,
            expected?.values["v0"]?.exact ?? null,
            `${key} at ${moment}: ${JSON.stringify(own, (_, x) => String(x))}`,
          );
        }
      }
    }),
    { numRuns: 150 },
  );
  assert(refused > 0);
});

const order = (a: bigint, b: bigint) => a < b ? -1 : a > b ? 1 : 0;
const task = { feature: "one", keys: KEYS, timestamp: { column: "t" }, hidden: [] } as never;
