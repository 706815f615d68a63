import assert from "node:assert/strict";
import { join } from "node:path";
import { asked, wireTest } from "../stores/wire.ts";
import { storeYaml, withBucketProject } from "./bucket_project.ts";
import { withProject } from "./project.ts";
import { runCli } from "./run_cli.ts";

const FLAGS = ["--from", "dev", "--to", "other"];

Deno.test("promote brings what one profile publishes to another, and says so", async () => {
  await withProject(async (cwd) => {
    assert.equal((await runCli(["build", "--quiet"], { cwd })).code, 0);
    const both = ["promote", "user_orders", "user_total", ...FLAGS];
    const plan = await runCli([...both, "--dry-run"], { cwd });
    assert.match(plan.out, /^user_total +1\.0\.0 +2 .* would be promoted$/m);
    await assert.rejects(Deno.stat(join(cwd, "other_store")), Deno.errors.NotFound);

    const { code, out, err } = await runCli(both, { cwd });
    assert.equal(code, 0, err);
    assert.match(out, /^user_total +1\.0\.0 +2 .* promoted$/m);
    assert.match(err, /^brought user_total 1\.0\.0: /m);
    const { validated: [other] } = JSON.parse(
      (await runCli(["profile", "--validate", "--json", "--profile", "other"], { cwd })).out,
    );
    assert.equal(
      other.steps.find(({ name }: { name: string }) => name === "read").says,
      "2 published features",
    );
    const inspected = await runCli(["inspect", "feature", "user_total", "--profile", "other"], { cwd });
    assert.match(inspected.out, /^promoted +2\d+-\S+ from dev$/m);

    // All that the metadata says stays, but for the commit.
    const [before, after] = await Promise.all(["feature_store", "other_store"].map(async (store) => {
      const meta = JSON.parse(await Deno.readTextFile(join(cwd, store, "user_total", "1.0.0", ".meta.json")));
      const { tx, promoted, ...own } = meta.mlforge;
      return { tx, promoted, kept: { ...meta, updated_at: "", mlforge: own } };
    }));
    assert.deepEqual(after?.kept, before?.kept);
    assert.deepEqual(after?.promoted, { from: "dev", tx: before?.tx });

    const again = JSON.parse((await runCli([...both, "--json"], { cwd })).out);
    assert.equal(again.tx, null);
    assert.deepEqual(again.items.map(({ outcome }: { outcome: string }) => outcome), [
      "unchanged",
      "unchanged",
    ]);
    // The definitions are what was promoted: a build has nothing to do.
    assert.match((await runCli(["build", "--profile", "other"], { cwd })).out, /^Unchanged 2,/);

    assert.equal((await runCli(["retire", "user_total", "--profile", "other"], { cwd })).code, 0);
    const retired = await runCli(both, { cwd });
    assert.equal(retired.code, 1);
    assert.match(
      retired.err,
      /Refused to promote "user_total" 1\.0\.0: "other" has it already, and has retired/,
    );
    assert.match(retired.err, /mlforge rollback user_total 1\.0\.0 --profile other/);
  });
});

Deno.test("promote refuses one store as both, and a number that is taken", async () => {
  await withProject(async (cwd) => {
    for (const profile of ["dev", "other"]) {
      assert.equal((await runCli(["build", "--quiet", "--profile", profile], { cwd })).code, 0);
      await Deno.writeTextFile(join(cwd, "orders.csv"), "user_id,at,amount\n1,2026-01-01 10:00:00,5\n");
    }
    const same = await runCli(["promote", "user_total", "--from", "dev", "--to", "dev"], { cwd });
    assert.equal(same.code, 2);
    assert.match(same.err, /"dev" and "dev" are one store, feature_store/);
    const taken = await runCli(["promote", "user_total", "user_orders", ...FLAGS], { cwd });
    assert.equal(taken.code, 1);
    assert.match(
      taken.err,
      /Refused to promote "user_total" 1\.0\.0: "other" has a 1\.0\.0 with other content/,
    );
    assert.match(taken.err, /2 errors\n$/);
  });
});

wireTest(
  "promote between two prefixes of a server: none of the data comes here, and one commit",
  async (wire) => {
    const production = storeYaml({ ...wire, store: { ...wire.store, prefix: "production" } });
    const profiles = `default_profile: staging
profiles:
  staging: { offline_store: ${storeYaml(wire)} }
  production: { offline_store: ${production} }
  local: { offline_store: { KIND: local, path: ./local_store } }
`;
    await withBucketProject(wire, async ({ run }) => {
      assert.equal((await run("build", "--quiet")).code, 0);
      wire.proxy.clear();
      const both = ["promote", "user_orders", "user_total"];
      const { code, out, err } = await run(...both, "--from", "staging", "--to", "production");
      assert.equal(code, 0, err);
      assert.match(out, /^user_total +1\.0\.0 +2 .* promoted$/m);
      const requests = wire.proxy.requests.map((request) => asked(wire, request));
      assert.deepEqual(requests.filter((request) => /^get .*data\.parquet$/.test(request)), []);
      assert.match((await run("show", "user_total", "--profile", "production")).out, /^ +2 +11$/m);

      // Down to a folder, and nothing to do on the way up again.
      assert.equal((await run(...both, "--from", "production", "--to", "local")).code, 0);
      assert.match((await run("show", "user_total", "--profile", "local")).out, /^ +2 +11$/m);
      const back = await run(...both, "--from", "local", "--to", "staging");
      assert.match(back.out, /^user_total .* published there already$/m);
    }, { "mlforge.yaml": profiles });
  },
);
