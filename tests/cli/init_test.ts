import assert from "node:assert/strict";
import { join } from "node:path";
import { sampleOrders } from "../../src/cli/init/sample.ts";
import { runCli, withFolder } from "./run_cli.ts";

Deno.test("init writes a project and says what comes next", async () => {
  await withFolder(async (folder) => {
    const { code, out, err } = await runCli(["init", "shop"], { cwd: folder });
    assert.equal(code, 0, err);
    assert.match(
      out,
      /^Made a project in shop: mlforge.yaml, definitions.yaml, data.orders.csv, .gitignore$/m,
    );
    assert.match(out, /^ {2}cd shop\n {2}mlforge build /m);
    assert.equal(await Deno.readTextFile(join(folder, "shop", "data", "orders.csv")), sampleOrders());
  });
});

Deno.test("init never writes over a file: then it writes nothing", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "definitions.ts"), "mine");
    const { code, err } = await runCli(["init"], { cwd: folder });
    assert.equal(code, 2);
    assert.match(err, /definitions\.ts is there already\n {2}Nothing was written/);
    assert.deepEqual([...Deno.readDirSync(folder)].map((entry) => entry.name), ["definitions.ts"]);
  });
});

Deno.test("init that can't write everything leaves nothing", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "data"), "mine");
    const { code, err } = await runCli(["init"], { cwd: folder });
    assert.equal(code, 1);
    assert.match(err, /^Error: Can't write ".*orders\.csv"\n/);
    assert.deepEqual([...Deno.readDirSync(folder)].map((entry) => entry.name), ["data"]);
  });
});

Deno.test("init keeps a .gitignore that is there", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, ".gitignore"), "mine\n");
    const { code, out } = await runCli(["init", "--template", "ts", "--json"], { cwd: folder });
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(out), {
      files: ["mlforge.yaml", "definitions.ts", "data/orders.csv", "mlforge.d.ts", "tsconfig.json"],
      folder,
    });
    assert.equal(await Deno.readTextFile(join(folder, ".gitignore")), "mine\n");
  });
});

Deno.test("the sample data is a few hundred orders in the order of time", () => {
  const [header, ...lines] = sampleOrders().trimEnd().split("\n");
  assert.equal(header, "user_id,ordered_at,amount,category");
  assert.ok(lines.length > 300 && lines.length < 900, String(lines.length));
  const times = lines.map((line) => line.split(",")[1] ?? "");
  assert.deepEqual(times, times.toSorted());
});
