import assert from "node:assert/strict";
import { withProject } from "./project.ts";
import { runCli } from "./run_cli.ts";

const CASES = `cases:
  - name: amounts are added up
    feature: user_total
    rows:
      orders:
        - {user_id: 1, amount: 2}
        - {user_id: 1, amount: 3}
    expect:
      - {user_id: 1, total: 5}
  - name: nothing comes of nothing
    feature: user_total
    rows: {orders: []}
    expect:
      - {user_id: 1, total: 0}
`;

Deno.test("test shows what differs, and ends with 1", async () => {
  await withProject(async (cwd) => {
    const { code, out, err } = await runCli(["test"], { cwd });
    assert.equal(code, 1);
    assert.equal(
      out,
      `ok  user_total: amounts are added up
FAILED  user_total: nothing comes of nothing  orders.test.yaml:10
       user_id  total
    -  1        0

1 passed, 1 failed
`,
    );
    assert.match(
      err,
      /Error: Test "nothing comes of nothing" of feature "user_total" failed: it gives other rows/,
    );
    assert.match(err, /^ {2}orders\.test\.yaml:10:5$/m);
    const json = await runCli(["test", "--json", "orders.test.yaml"], { cwd });
    const { tests, passed, failed } = JSON.parse(json.out);
    assert.deepEqual([json.code, passed, failed], [1, 1, 1]);
    assert.deepEqual(tests[1].difference, {
      columns: ["user_id", "total"],
      rows: [{ side: "expected", values: ["1", "0"] }],
    });
  }, { "orders.test.yaml": CASES });
});

Deno.test("test ends with 0 where all pass, and with 2 where there is nothing to test", async () => {
  await withProject(async (cwd) => {
    const { code, out } = await runCli(["test"], { cwd });
    assert.deepEqual([code, out.split("\n").at(-2)], [0, "1 passed"]);
  }, { "orders.test.yaml": CASES.slice(0, CASES.indexOf("  - name: nothing")) });
  await withProject(async (cwd) => {
    const { code, err } = await runCli(["test"], { cwd });
    assert.equal(code, 2);
    assert.match(err, /There are no tests beside the definitions/);
  });
});
