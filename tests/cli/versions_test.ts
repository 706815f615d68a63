import assert from "node:assert/strict";
import { join } from "node:path";
import { ORDERS, withProject } from "./project.ts";
import { type CliResult, runCli } from "./run_cli.ts";

type Run = (command: string) => Promise<CliResult>;

/** A project whose features have versions 1.0.0 and 1.0.1 (orders too: 1.0.1), and a way to run mlforge in it. */
async function withVersions(use: (run: Run, cwd: string) => Promise<void>): Promise<void> {
  await withProject(async (cwd) => {
    const run: Run = (command) => runCli(command.split(" "), { cwd });
    assert.equal((await run("build --quiet")).code, 0);
    await Deno.writeTextFile(join(cwd, "orders.csv"), `${ORDERS}2,2026-01-07 10:00:00,1\n`);
    assert.equal((await run("build --quiet")).code, 0);
    await use(run, cwd);
  });
}

async function published(run: Run): Promise<Record<string, string>> {
  const { features } = JSON.parse((await run("list features --json")).out);
  return Object.fromEntries(
    features.map(({ name, version }: { name: string; version: string }) => [name, version]),
  );
}

Deno.test("rollback goes back to a version, by --previous and to a whole batch; a build takes a number never used", async () => {
  await withVersions(async (run, cwd) => {
    const dry = await run("rollback user_total 1.0.0 --dry-run");
    assert.equal(
      dry.out,
      "FEATURE     FROM   TO\nuser_total  1.0.1  1.0.0\n\nWould change 1\n",
    );
    assert.deepEqual(await published(run), { user_orders: "1.0.1", user_total: "1.0.1" });
    const { out } = await run("rollback user_total 1.0.0 user_orders@1.0.0");
    assert.match(out, /^user_total +1\.0\.1 +1\.0\.0$/m);
    assert.match(out, /^Changed 2$/m);
    assert.deepEqual(await published(run), { user_orders: "1.0.0", user_total: "1.0.0" });
    const { batches } = JSON.parse((await run("log --json")).out);
    assert.equal(batches.length, 2);
    await run(`rollback --to-tx ${batches[0].tx} --quiet`);
    assert.deepEqual(await published(run), { user_orders: "1.0.1", user_total: "1.0.1" });
    const back = JSON.parse((await run("rollback user_total --previous --json")).out);
    assert.deepEqual(back, {
      dry_run: false,
      moves: [{ feature: "user_total", from: "1.0.1", to: "1.0.0" }],
    });
    await Deno.writeTextFile(join(cwd, "orders.csv"), `${ORDERS}1,2026-01-08 10:00:00,1\n`);
    await run("build --quiet");
    assert.deepEqual(await published(run), { user_orders: "1.0.2", user_total: "1.0.2" });
  });
});

Deno.test("rollback refuses what is not there, with what to do", async () => {
  await withVersions(async (run, cwd) => {
    const refused = async (command: string, code: number, words: RegExp) => {
      const result = await run(command);
      assert.equal(result.code, code, command);
      assert.match(result.err, words);
    };
    await refused("rollback", 2, /What to roll back is not said/);
    await refused("rollback user_total", 2, /mlforge rollback user_total 1\.0\.0, or ask for --previous/);
    await refused("rollback user_totl 1.0.0", 2, /"user_total"/);
    await refused("rollback user_total 7.0.0", 2, /mlforge list versions user_total/);
    await refused("rollback --to-tx nothing", 2, /mlforge log shows/);
    await refused("rollback user_total --to-tx nothing", 2, /without features/);
    await run("rollback user_total --previous");
    await refused("rollback user_total --previous", 2, /no version of "user_total" below 1\.0\.0/);
    await Deno.remove(join(cwd, "feature_store/user_total/1.0.1/data.parquet"));
    await refused("rollback user_total 1.0.1", 1, /mlforge sync --features user_total --version 1\.0\.1/);
    assert.deepEqual(await published(run), { user_orders: "1.0.1", user_total: "1.0.0" });
  });
});

Deno.test("rollback --from takes data that is not here from another store", async () => {
  await withVersions(async (run, cwd) => {
    await run("build --quiet --profile other");
    await run("rollback user_total 1.0.0");
    const data = join(cwd, "feature_store/user_total/1.0.1/data.parquet");
    const before = await Deno.readFile(data);
    await Deno.remove(data);
    // What is computed would be of other orders.
    await Deno.writeTextFile(join(cwd, "orders.csv"), ORDERS);
    assert.equal((await run("rollback user_total 1.0.1 --from other")).code, 0);
    assert.deepEqual(await Deno.readFile(data), before);
    assert.deepEqual(await published(run), { user_orders: "1.0.1", user_total: "1.0.1" });
  });
});

Deno.test("retire takes a feature out of lists, a rollback takes it back, and git sees a pointer go and come", async () => {
  await withVersions(async (run, cwd) => {
    const pointer = join(cwd, "feature_store/user_total/_latest.json");
    assert.match((await run("retire user_total --dry-run")).out, /^user_total +1\.0\.1 +retired$/m);
    assert.ok(await Deno.stat(pointer));
    assert.equal((await run("retire user_total")).code, 0);
    assert.deepEqual(await published(run), { user_orders: "1.0.1" });
    await assert.rejects(Deno.stat(pointer), Deno.errors.NotFound);
    assert.match((await run("show user_total")).err, /no published feature "user_total"/);
    assert.match((await run("list versions user_total")).out, /1\.0\.1 .* here/);
    assert.match((await run("retire user_total")).err, /no published feature "user_total"/);
    assert.match((await run("rollback user_total --previous")).out, /^user_total +retired +1\.0\.1$/m);
    assert.deepEqual(await published(run), { user_orders: "1.0.1", user_total: "1.0.1" });
    await run("retire user_total --quiet");
    await run("build --quiet");
    assert.deepEqual(await published(run), { user_orders: "1.0.1", user_total: "2.0.0" });
  });
});

Deno.test("log shows the builds, newest first", async () => {
  await withVersions(async (run) => {
    const { out } = await run("log");
    assert.match(
      out,
      /^WHEN .*\n2\d{3}.* user_orders 1\.0\.1, user_total 1\.0\.1\n.* user_orders 1\.0\.0, user_total 1\.0\.0\n$/,
    );
    assert.equal(JSON.parse((await run("log --json --limit 1")).out).batches.length, 1);
    assert.match((await run("log --profile other")).err, /Nothing was published in other_store/);
  });
});
