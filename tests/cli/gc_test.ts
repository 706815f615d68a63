import assert from "node:assert/strict";
import { join } from "node:path";
import { MLFORGE_YAML, ORDERS, withProject } from "./project.ts";
import { runCli } from "./run_cli.ts";

Deno.test("gc says what would go, and deletes data with --yes alone; metadata stays for sync", async () => {
  await withProject(async (cwd) => {
    const run = (command: string) => runCli(command.split(" "), { cwd });
    for (
      const orders of [ORDERS, `${ORDERS}2,2026-01-07 10:00:00,1\n`, `${ORDERS}3,2026-01-08 10:00:00,1\n`]
    ) {
      await Deno.writeTextFile(join(cwd, "orders.csv"), orders);
      assert.equal((await run("build --quiet")).code, 0);
    }
    const store = join(cwd, "feature_store");
    await Deno.mkdir(join(store, "user_total/9.0.0"));
    await Deno.writeTextFile(join(store, "user_total/9.0.0/data.parquet"), "of a dead build");
    const there = (path: string) => Deno.stat(join(store, path)).then(() => true, () => false);

    const young = await run("gc --keep 1");
    assert.equal(
      young.out,
      "FEATURE     VERSION  SIZE  WHY\nuser_total  9.0.0    15 B  no commit names it\n\nWould delete data of 1 version, 15 B\n",
    );
    assert.equal(young.err, "Nothing was deleted: --yes does it.\n");
    const dry = JSON.parse((await run("gc --keep 1 --grace 0 --dry-run --json")).out);
    assert.equal(dry.deleted, false);
    assert.deepEqual(
      dry.versions.map((v: { feature: string; version: string; why: string }) =>
        `${v.feature}@${v.version} ${v.why}`
      ),
      [
        "user_orders@1.0.0 old",
        "user_orders@1.0.1 old",
        "user_total@1.0.0 old",
        "user_total@1.0.1 old",
        "user_total@9.0.0 uncommitted",
      ],
    );
    assert.ok(await there("user_total/1.0.0/data.parquet"));
    assert.match((await run("gc --keep 2 --grace 0 --yes")).out, /^Deleted data of 3 versions, /m);
    assert.deepEqual(
      [
        await there("user_total/9.0.0"),
        await there("user_total/1.0.0/data.parquet"),
        await there("user_total/1.0.1/data.parquet"),
      ],
      [false, false, true],
    );
    assert.match((await run("list versions user_total")).out, /1\.0\.0 .* not here/);
    assert.deepEqual(await run("verify --quiet"), { code: 0, out: "", err: "" });
    assert.match((await run("gc --keep 1 --older-than 90d --grace 0 --yes")).out, /^Nothing to delete$/m);
    await Deno.writeTextFile(join(cwd, "orders.csv"), ORDERS);
    assert.equal((await run("sync --features user_total --version 1.0.0")).code, 0);
  });
});

Deno.test("gc goes by the profile's keep:, unless a flag says otherwise", async () => {
  const yaml = MLFORGE_YAML.replace("path: ./feature_store }", "path: ./feature_store }\n    keep: 1");
  await withProject(async (cwd) => {
    const run = (command: string) => runCli(command.split(" "), { cwd });
    await run("build --quiet");
    await run("build --quiet --version 2.0.0");
    assert.match((await run("gc --grace 0")).out, /^Would delete data of 2 versions/m);
    assert.match((await run("gc --grace 0 --keep 2")).out, /^Nothing to delete$/m);
    assert.equal((await run("gc --yes --dry-run")).code, 2);
  }, { "mlforge.yaml": yaml });
});
