import assert from "node:assert/strict";
import { join } from "node:path";
import { DEFINITIONS, withProject } from "./project.ts";
import { runCli } from "./run_cli.ts";

const checked = (check: string) => ({
  "definitions.yaml": DEFINITIONS.replace("    tags: [raw]\n", `    tags: [raw]\n    checks: [${check}]\n`),
});
const FAILING = checked("{check: less_than, column: amount, value: 7}");

Deno.test("build shows a failed check with its rows, its place and what to do, and ends with 1", async () => {
  await withProject(async (cwd) => {
    const { code, out, err } = await runCli(["build", "--features", "user_orders"], { cwd });
    assert.deepEqual([code, out], [1, ""]);
    assert.equal(
      err.slice(err.indexOf("Nothing")),
      `Nothing was published.
Error: Check less_than of amount of feature "user_orders" failed: 2 of 3 rows do not pass
  definitions.yaml:13:14
  13 |     checks: [{check: less_than, column: amount, value: 7}]
     |              ^
    user_id  at                   amount
    1        2026-01-03 10:00:00  7
    2        2026-01-02 10:00:00  11
  Leave such rows out, mend them where they come from, or change the check.
`,
    );
  }, FAILING);
});

Deno.test("a failed check is the same in --json, as annotation and on the summary page", async () => {
  await withProject(async (cwd) => {
    const summary = join(cwd, "summary.md");
    const env = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary, GITHUB_WORKSPACE: cwd };
    const { err } = await runCli(["build", "--quiet", "--json", "--features", "user_orders"], { cwd, env });
    const [json = "", annotation] = err.split("\n");
    assert.deepEqual(JSON.parse(json).error.failedCheck, {
      feature: "user_orders",
      check: "less_than of amount",
      severity: "error",
      failing: 2,
      looked: 3,
      examples: {
        columns: ["user_id", "at", "amount"],
        rows: [["1", "2026-01-03 10:00:00", "7"], ["2", "2026-01-02 10:00:00", "11"]],
      },
    });
    assert.match(annotation ?? "", /^::error file=definitions.yaml,line=13,col=14::Check less_than/);
    const page = await Deno.readTextFile(summary);
    assert.match(page, /Nothing was published/);
    assert.match(page, /\*\*Error:\*\* Check less\\_than of amount .* \(definitions.yaml:13\)/);
    assert.match(page, /\| 2 \| 2026-01-02 10:00:00 \| 11 \|/);
  }, FAILING);
});

Deno.test("a check that only warns is shown, annotated and reported, and the build ends with 0", async () => {
  await withProject(async (cwd) => {
    const summary = join(cwd, "summary.md");
    const env = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary, GITHUB_WORKSPACE: cwd };
    const shown = await runCli(["build"], { cwd, env });
    assert.equal(shown.code, 0);
    assert.match(shown.err, /Warning: Check less_than of amount/);
    assert.match(shown.err, /^::warning file=definitions.yaml,line=13/m);
    assert.match(await Deno.readTextFile(summary), /\*\*Warning:\*\*/);
    const json = await runCli(["build", "--force", "--json", "--quiet"], { cwd });
    assert.equal(json.err, "");
    assert.equal(JSON.parse(json.out).warnings[0].failedCheck.failing, 2);
  }, checked("{check: less_than, column: amount, value: 7, severity: warn}"));
});

Deno.test("validate finds checks that can't be asked, without reading the data", async () => {
  await withProject(async (cwd) => {
    const { code, err } = await runCli(["validate"], { cwd });
    assert.equal(code, 2);
    assert.match(err, /names a column "amuont", which is not there\n {2}definitions.yaml:13:14/);
    assert.match(err, /Did you mean "amount"\?/);
  }, checked("{check: not_null, column: amuont}"));
});

Deno.test("validate --data runs the checks, shows a line a feature, and ends with 1 where one fails", async () => {
  await withProject(async (cwd) => {
    const { code, out, err } = await runCli(["validate", "--data", "--output", "failing"], { cwd });
    assert.equal(code, 1);
    assert.equal(
      out,
      `FEATURE      ROWS  CHECKS  RESULT
user_orders                1 failed
user_total      2       0  passed

Wrote failing/user_orders.output.parquet
`,
    );
    assert.match(err, /Error: Check less_than of amount of feature "user_orders" failed: 2 of 3 rows/);
    const json = await runCli(["validate", "--data", "--quiet", "--json", "--features", "user_total"], {
      cwd,
    });
    assert.deepEqual([json.code, JSON.parse(json.out).features], [0, [{
      feature: "user_total",
      rows: 2,
      checks: [],
    }]]);
    await assert.rejects(Deno.stat(join(cwd, "feature_store")), Deno.errors.NotFound);
  }, FAILING);
});
