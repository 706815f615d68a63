import assert from "node:assert/strict";
import { join } from "node:path";
import { withProject } from "./project.ts";
import { runCli } from "./run_cli.ts";

Deno.test("verify says that all is right, finds damage with what to do, and --repair mends", async () => {
  await withProject(async (cwd) => {
    const run = (command: string) => runCli(command.split(" "), { cwd });
    await run("build --quiet");
    assert.deepEqual(await run("verify --deep"), {
      code: 0,
      out: "Looked at 2 versions of 2 features: all is right\n",
      err: "",
    });
    const store = join(cwd, "feature_store");
    await Deno.remove(join(store, "user_orders/1.0.0/data.parquet"));
    assert.match((await run("verify")).out, /2 features: data not here 1$/m);
    await Deno.remove(join(store, "user_total/.gitignore"));
    await Deno.writeTextFile(join(store, "user_total/1.0.0/data.parquet"), "no Parquet");
    const found = await run("verify");
    assert.equal(found.code, 1);
    assert.match(found.out, /^damage +user_total\/\.gitignore +it is missing, and git would take the data/m);
    assert.match(
      found.out,
      /^damage +user_total\/1\.0\.0\/data\.parquet .* mlforge sync --features user_total puts it right/m,
    );
    const repaired = await run("verify --repair --json");
    assert.equal(repaired.code, 1);
    const { findings, mended } = JSON.parse(repaired.out);
    assert.deepEqual(mended.map(({ where }: { where: string }) => where), ["user_total/.gitignore"]);
    assert.deepEqual(findings.map(({ where }: { where: string }) => where), [
      "user_total/1.0.0/data.parquet",
    ]);
    assert.equal((await run("sync --quiet")).code, 0);
    assert.equal((await run("verify --deep --quiet")).code, 0);
  });
});

Deno.test("verify --deep holds the Parquet file itself against its metadata", async () => {
  await withProject(async (cwd) => {
    const run = (command: string) => runCli(command.split(" "), { cwd });
    await run("build --quiet");
    const meta = join(cwd, "feature_store/user_total/1.0.0/.meta.json");
    const text = await Deno.readTextFile(meta);
    await Deno.writeTextFile(meta, text.replace('"row_count": 2', '"row_count": 3'));
    assert.equal((await run("verify")).code, 0);
    assert.match((await run("verify --deep")).out, /it has 2 rows, and its metadata says 3/);
  });
});
