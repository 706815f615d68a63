import assert from "node:assert/strict";
import { join } from "node:path";
import { asUser, runCli, withFolder } from "./run_cli.ts";

const PAGE = await Deno.readTextFile(new URL("../../docs/training-data.md", import.meta.url));
/** The page's labels. */
const LABELS = /^ {4}customer,at,bought\n(?: {4}\d.*\n)+/m.exec(PAGE)?.[0].replaceAll(/^ {4}/gm, "") ?? "";
/** The page's programs. */
const PROGRAMS = [...PAGE.matchAll(/```python\n([\s\S]*?)```/g)].map(([, program = ""]) => program);
/** The page's commands, without the `$ mlforge`. */
const RETRIEVE = ["--labels", "labels.csv", "--time", "at", "--key", "user_id=customer"];
const FEATURES = ["--features", "user_spend,user_large_orders", "--output", "training.parquet"];

const python = await findPython();

/** One that has what the page's programs import: MLFORGE_TEST_PYTHON, or the one there is. */
async function findPython(): Promise<string | undefined> {
  const program = Deno.env.get("MLFORGE_TEST_PYTHON") ?? "python3";
  const args = ["-c", "import pandas, pyarrow, polars"];
  const options = { args, stdout: "null", stderr: "null" } as const;
  const tried = await new Deno.Command(program, options).output().catch(() => undefined);
  return tried?.success === true ? program : undefined;
}

/** The page's project, with its training set. */
async function withTrainingSet(use: (cwd: string) => Promise<void>): Promise<void> {
  await withFolder(async (cwd) => {
    const run = async (...args: string[]) => {
      const { code, err } = await runCli(args, { cwd });
      assert.equal(code, 0, err);
    };
    await run("init");
    await run("build", "--quiet");
    await Deno.writeTextFile(join(cwd, "labels.csv"), LABELS);
    asUser(cwd);
    await run("retrieve", ...RETRIEVE, ...FEATURES);
    await use(cwd);
  });
}

Deno.test("audit leak ends with 0 for what was built and retrieved right, and prints what docs/training-data.md shows", async () => {
  await withTrainingSet(async (cwd) => {
    const audited = await runCli(["audit", "leak", "--features", "user_large_orders"], { cwd });
    assert.deepEqual([audited.code, audited.err], [0, ""]);
    const shown = audited.out.replaceAll(/^(?=.)/gm, "    ");
    assert.ok(PAGE.includes(`    $ mlforge audit leak --features user_large_orders\n${shown}`), shown);
    const { code, out } = await runCli(["audit", "leak", "training.parquet", "--json"], { cwd });
    assert.equal(code, 0);
    const report = JSON.parse(out);
    assert.deepEqual([report.sample, report.seed, report.notes], [1000, 0, []]);
    assert.deepEqual(
      report.features.map((
        { feature, columns }: { feature: string; columns: unknown[] },
      ) => [feature, columns.length]),
      [["user_spend", 9], ["user_large_orders", 4]],
    );
  });
});

Deno.test("audit leak ends with 1 where something differs or can't be checked, with 2 for wrong use", async () => {
  await withTrainingSet(async (cwd) => {
    const csv = join(cwd, "training.csv");
    const flags = ["--features", "user_large_orders", "--output", "training.csv"];
    await runCli(["retrieve", ...RETRIEVE, ...flags], { cwd });
    await Deno.writeTextFile(csv, (await Deno.readTextFile(csv)).replace("65.88", "65.89"));
    asUser(cwd);
    const altered = await runCli(["audit", "leak", "training.csv"], { cwd });
    assert.equal(altered.code, 1);
    assert.match(
      altered.out,
      /ROW +KEY +TIME +IN THE FILE +RECOMPUTED\n +0 +user_id=7 +2026-01-10 00:00:00 +65\.89 +65\.88/,
    );
    assert.match(altered.out, /1 feature not right/);
    assert.match(altered.err, /Error: Not what the sources give: user_large_orders/);
    const orders = join(cwd, "data/orders.csv");
    await Deno.writeTextFile(orders, (await Deno.readTextFile(orders)) + "7,2026-03-02 10:00:00,1\n");
    asUser(cwd);
    const changed = await runCli(["audit", "leak"], { cwd });
    assert.equal(changed.code, 1);
    assert.match(changed.out, /user_spend +1\.0\.0 +not checked/);
    assert.match(changed.out, /Can't recompute "user_spend" 1\.0\.0: source orders/);
    assert.match(changed.err, /Error: Not checked: user_large_orders, user_spend/);
    const wrong = await Promise.all([
      ["audit", "leak", "--features", "user_spned"],
      ["audit", "leak", "--sample", "0"],
      ["audit", "leak", "--lock", "training.lock.json"],
      ["audit", "leak", "absent.parquet"],
      ["audit", "leek"],
    ].map((args) => runCli(args, { cwd })));
    assert.deepEqual(wrong.map(({ code }) => code), [2, 2, 2, 2, 2]);
  });
});

Deno.test({
  name:
    "the programs of docs/training-data.md read a training set (needs Python with pandas, pyarrow and polars)",
  ignore: python === undefined,
  async fn() {
    await withTrainingSet(async (cwd) => {
      assert.equal(PROGRAMS.length, 2);
      for (const program of PROGRAMS) {
        const ran = await new Deno.Command(python ?? "", { args: ["-c", program], cwd }).output();
        assert.equal(new TextDecoder().decode(ran.stderr), "");
        assert.equal(
          new TextDecoder().decode(ran.stdout),
          "user_spend@1.0.0 user_large_orders@1.0.0\n(2, 15) [True, False]\n",
        );
      }
    });
  },
});
