import assert from "node:assert/strict";
import { DEFINITIONS, withProject } from "./project.ts";
import { runCli } from "./run_cli.ts";

Deno.test("inspect feature --stats shows a line a column with its histogram, and the same as data", async () => {
  await withProject(async (cwd) => {
    await runCli(["build"], { cwd });
    const { out } = await runCli(["inspect", "feature", "user_orders", "--stats"], { cwd });
    assert.equal(
      out,
      `user_orders 1.0.0, 3 rows

COLUMN      NULLS  DISTINCT  MIN  MEDIAN  MAX   MEAN     STD  HISTOGRAM
user_id         0         2    1       1    2  1.333  0.5774  █                  ▄
at       left out
amount          0         3    5       7   11  7.667   3.055  █     █            █
`,
    );
    const json = await runCli(["inspect", "feature", "user_orders", "--stats", "--json"], { cwd });
    const { feature, version, rows, statistics } = JSON.parse(json.out);
    assert.deepEqual([feature, version, rows], ["user_orders", "1.0.0", 3]);
    assert.deepEqual(Object.keys(statistics), ["amount", "user_id"]);
    assert.equal(statistics.amount.mean.toFixed(12), (23 / 3).toFixed(12));
  }, {
    "definitions.yaml": DEFINITIONS.replace(
      "    tags: [raw]\n",
      "    tags: [raw]\n    columns: {at: {statistics: false}}\n",
    ),
  });
});
