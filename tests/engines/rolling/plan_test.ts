import assert from "node:assert/strict";
import type { Aggregation } from "../../../src/definitions/model.ts";
import { gatherFacts } from "../../../src/engines/duckdb/rolling/facts.ts";
import { inputsOf } from "../../../src/engines/duckdb/rolling/input.ts";
import { planMetrics } from "../../../src/engines/duckdb/rolling/plan.ts";
import { columnsOf } from "../../../src/engines/duckdb/types.ts";
import { DAY, metrics, workbench } from "./workbench.ts";

/** How the metrics of `x` would be computed, over a thousand events of one key in `days` days. */
async function planned(x: string, aggregations: Aggregation[], days: number) {
  using bench = await workbench();
  await bench.run(
    `CREATE TABLE events AS SELECT 1 AS k, TIMESTAMP '2024-01-01' + to_days((i % ${days})::INTEGER) AS t, ${x} AS x
     FROM range(1000) s(i)`,
  );
  const columns = columnsOf(await bench.run("SELECT * FROM events LIMIT 0"));
  const asked = metrics("x", aggregations, [DAY]);
  const inputs = inputsOf(asked, columns);
  const relation = { name: "events", keys: ["k"], time: "t", width: BigInt(DAY) * 1_000_000n };
  return planMetrics(
    asked,
    inputs,
    await gatherFacts(bench.connection, relation, inputs),
    { interval: DAY, codeOf: () => undefined },
  );
}

Deno.test("events are added up first where that makes them far fewer", async () => {
  assert.equal((await planned("i", ["sum", "max"], 100)).via, "partials");
  assert.equal((await planned("i", ["sum", "max"], 900)).via, "events");
});

Deno.test("events are not added up first where an aggregation needs each of them", async () => {
  for (const aggregation of ["std", "median", "count_distinct", "first", "last"] as const) {
    assert.equal((await planned("i", ["sum", aggregation], 100)).via, "events", aggregation);
  }
});

Deno.test("doubles are not added up first where no fixed point holds them all", async () => {
  assert.equal((await planned("i / 7", ["sum"], 100)).via, "partials");
  const wide = "10.0::DOUBLE ** (i % 60 - 30)";
  assert.equal((await planned(wide, ["sum"], 100)).via, "events");
  assert.equal((await planned(wide, ["max"], 100)).via, "partials");
});

Deno.test("what several metrics need is computed once", async () => {
  const { lanes, aggregates } = await planned("i / 7", ["count", "sum", "mean", "std", "first"], 900);
  assert.deepEqual(aggregates.map(({ step }) => step), ["size", "float_total", "std", "first"]);
  assert.equal(lanes.length, 1);
});
