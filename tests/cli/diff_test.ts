import assert from "node:assert/strict";
import { join } from "node:path";
import { DEFINITIONS, ORDERS, withProject } from "./project.ts";
import { asUser, type CliResult, runCli } from "./run_cli.ts";

type Run = (command: string) => Promise<CliResult>;

/** A project under git whose `main` has 1.0.0 of both features, and whose `change` adds a column and an order. */
async function withChange(use: (run: Run, cwd: string) => Promise<void>): Promise<void> {
  await withProject(async (cwd) => {
    // --ref runs git.
    const env = { PATH: Deno.env.get("PATH") ?? "" };
    const run: Run = (command) => runCli(command.split(" "), { cwd, env });
    const git = async (...args: string[]) => {
      const person = ["-c", "user.name=ann", "-c", "user.email=ann@example.com"];
      const { success, stderr } = await new Deno.Command("git", {
        args: [...person, ...args],
        cwd,
        ...asUser(cwd),
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
    };
    assert.equal((await run("build --quiet")).code, 0);
    await git("init", "-q", "-b", "main");
    await git("add", "-A");
    await git("commit", "-q", "-m", "first");
    await git("checkout", "-q", "-b", "change");
    await Deno.writeTextFile(
      join(cwd, "definitions.yaml"),
      DEFINITIONS.replace("as total", "as total, count(*) as orders"),
    );
    await Deno.writeTextFile(join(cwd, "orders.csv"), `${ORDERS}2,2026-01-07 10:00:00,1\n`);
    await use(run, cwd);
  });
}

Deno.test("diff ends with 0 for none, 1 patch, 2 minor, 3 major, 4 any failure, and --fail-on makes a gate", async () => {
  await withChange(async (run) => {
    const code = async (command: string) => (await run(command)).code;
    assert.equal(await code("diff"), 2);
    assert.equal(await code("diff user_orders"), 1);
    assert.equal(await code("diff --fail-on major"), 0);
    assert.equal(await code("diff --fail-on minor"), 1);
    assert.equal(await code("diff nothing"), 4);
    assert.equal(await code("diff --nothing"), 4);
    assert.equal(await code("diff user_total 7.0.0"), 4);
    assert.equal(await code("diff --ref nowhere"), 4);
    assert.equal(await code("diff --data"), 4);
    await run("build --quiet");
    assert.deepEqual(await run("diff"), { code: 0, out: "Nothing differs\n", err: "" });
    assert.equal(await code("diff user_total 1.1.0 1.0.0"), 3);
    assert.equal(await code("diff user_total@1.0.0"), 2);
  });
});

Deno.test("diff shows what differs, for people and for scripts", async () => {
  await withChange(async (run) => {
    const { out } = await run("diff");
    assert.match(out, /^user_orders 1\.0\.0 -> definition: patch\n {2}source orders differs$/m);
    assert.match(
      out,
      /^user_total 1\.0\.0 -> definition: minor\n {2}SQL or function changed\n {2}column orders \(int64\) is new$/m,
    );
    await run("build --quiet");
    const rows = await run("diff user_orders 1.0.0 1.0.1 --data");
    assert.match(rows.out, /^ {2}rows: 1 added, 0 removed, 0 changed by user_id, at$/m);
    assert.match(rows.out, /^ {2}rows +3 +4$/m);
    const { level, features: [feature] } = JSON.parse(
      (await run("diff user_orders 1.0.0 1.0.1 --data --json")).out,
    );
    assert.equal(level, "patch");
    assert.deepEqual(Object.keys(feature), [
      "a",
      "b",
      "definition",
      "facts",
      "feature",
      "level",
      "rows",
      "schema",
      "sources",
      "statistics",
    ]);
    const ofAmount = feature.statistics.filter(({ column }: { column: string }) => column === "amount");
    assert.deepEqual(ofAmount[0], { a: 3, b: 4, column: "amount", name: "distinct" });
    assert.deepEqual(ofAmount.map(({ name }: { name: string }) => name), [
      "distinct",
      "min",
      "median",
      "mean",
      "std",
    ]);
    assert.match(rows.out, /^ {2}amount +mean +7\.667 +6$/m);
  });
});

Deno.test("diff --ref compares two states of git, without data or sources, and gives Markdown for a pull request", async () => {
  await withChange(async (run, cwd) => {
    const same = await run("diff --ref main");
    assert.equal(same.out, "Nothing differs\n", same.err);
    await run("build --quiet");
    await Deno.remove(join(cwd, "orders.csv"));
    const { code, out } = await run("diff --ref main --markdown");
    assert.equal(code, 2);
    assert.equal(
      out,
      "### Features: minor change\n\n" +
        "| Feature | Version | Level | Rows | What |\n| --- | --- | --- | --- | --- |\n" +
        "| user_orders | 1.0.0 -> 1.0.1 | patch | 3 -> 4 | source orders differs |\n" +
        "| user_total | 1.0.0 -> 1.1.0 | minor |  | SQL or function changed; column orders (int64) is new; source orders differs |\n",
    );
    assert.equal((await run("diff --ref main..HEAD")).code, 0);
    assert.match((await run("diff --ref nowhere")).err, /Can't read "nowhere" from git: .*nowhere/);
  });
});
