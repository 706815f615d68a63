import assert from "node:assert/strict";
import { join } from "node:path";
import { withProject } from "./project.ts";
import { runCli } from "./run_cli.ts";

Deno.test("manifest is one document over all features, with the same bytes for the same store", async () => {
  await withProject(async (cwd) => {
    const run = (command: string) => runCli(command.split(" "), { cwd });
    assert.equal((await run("manifest")).out, '{\n  "features": {},\n  "format": 1\n}\n');
    await run("build --quiet");
    const { out } = await run("manifest");
    const { features } = JSON.parse(out);
    assert.deepEqual(Object.keys(features), ["user_orders", "user_total"]);
    const meta = await Deno.readTextFile(join(cwd, "feature_store/user_total/1.0.0/.meta.json"));
    assert.deepEqual(features.user_total, JSON.parse(meta));
    // Elsewhere, without data, as a clone.
    await Deno.rename(join(cwd, "feature_store"), join(cwd, "other_store"));
    await Deno.remove(join(cwd, "other_store/user_total/1.0.0/data.parquet"));
    assert.deepEqual(await run("manifest --profile other --output features.json"), {
      code: 0,
      out: "",
      err: "",
    });
    assert.equal(await Deno.readTextFile(join(cwd, "features.json")), out);
    assert.match((await run("manifest --output nowhere/features.json")).err, /Can't write the manifest/);
  });
});
