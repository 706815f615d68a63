import assert from "node:assert/strict";
import { parseKey } from "../../src/stores/key.ts";
import { openStore } from "../../src/stores/open.ts";
import { type Wire, wireTest } from "../stores/wire.ts";
import { type BucketProject, withBucketProject } from "./bucket_project.ts";
import { ORDERS } from "./project.ts";

// The life of versions on real servers: what each command asks the store, and what comes of it.

const M = "_mlforge/manifest.json";
const EACH = ["user_orders", "user_total"];

/** A project on a bucket, with versions 1.0.0 and 1.0.1 of both features. */
function lifeTest(name: string, body: (project: BucketProject, wire: Wire) => Promise<void>): void {
  wireTest(name, (wire) =>
    withBucketProject(wire, async (project) => {
      for (const orders of [ORDERS, `${ORDERS}2,2026-01-07 10:00:00,1\n`]) {
        await project.write("orders.csv", orders);
        const { code, err } = await project.run("build", "--quiet");
        assert.equal(code, 0, err);
      }
      await body(project, wire);
    }));
}

async function published(project: BucketProject): Promise<Record<string, string>> {
  const { features } = JSON.parse((await project.run("list", "features", "--json")).out);
  return Object.fromEntries(
    features.map(({ name, version }: { name: string; version: string }) => [name, version]),
  );
}

const sorted = (requests: readonly string[]) => requests.toSorted();
const of = (verb: string, file: string) => EACH.map((feature) => `${verb} ${feature}/${file}`);

lifeTest("what reading the life of versions asks", async (project) => {
  assert.deepEqual(
    sorted(await project.requests("manifest")),
    sorted([`get ${M}`, ...of("get", "1.0.1/.meta.json")]),
  );
  const log = await project.requests("log");
  assert.deepEqual(log.slice(0, 2), [`get ${M}`, "list"]);
  assert.deepEqual(log.slice(2).map((request) => request.replace(/tx\/.*/, "")), [
    "get _mlforge/",
    "get _mlforge/",
  ]);
  assert.match(
    (await project.run("log")).out,
    /mlforge build --quiet +user_orders 1\.0\.0 -> 1\.0\.1, user_total/,
  );
  const versions = ["1.0.0", "1.0.1"].map((version) => `get user_total/${version}/.meta.json`);
  assert.deepEqual(
    sorted(await project.requests("list", "versions", "user_total")),
    sorted([
      `get ${M}`,
      `get ${M}`,
      "list",
      ...versions,
    ]),
  );
  const diff = await project.run("diff", "user_total", "1.0.0", "1.0.1", "--data");
  assert.equal(diff.code, 1);
  assert.match(diff.out, /rows: 0 added, 0 removed, 1 changed by user_id \(total 1\)/);
  assert.deepEqual(
    sorted(await project.requests("verify")),
    sorted([
      `get ${M}`,
      "list",
      ...of("get", "_latest.json"),
      ...of("get", "1.0.1/.meta.json"),
      ...of("head", "1.0.1/data.parquet"),
    ]),
  );
  assert.match(
    (await project.run("verify", "--deep")).out,
    /^Looked at 4 versions of 2 features: all is right$/m,
  );
});

lifeTest("rollback, retire and back again, each one commit", async (project) => {
  const rollback = await project.requests("rollback", "user_orders", "1.0.0", "user_total", "1.0.0");
  // Its look, and the version's metadata once more as it chooses; then 3N + 3.
  assert.equal(rollback.length, 1 + EACH.length + 3 * EACH.length + 3, rollback.join("\n"));
  assert.deepEqual(await published(project), { user_orders: "1.0.0", user_total: "1.0.0" });
  const retire = await project.requests("retire", "user_total");
  assert.deepEqual(retire.map((request) => request.replace(/tx\/.*/, "tx")), [
    `get ${M}`,
    "put _mlforge/tx",
    `put ${M}`,
    "put user_total/_latest.json",
    `put ${M}`,
  ]);
  assert.deepEqual(await published(project), { user_orders: "1.0.0" });
  assert.match((await project.run("show", "user_total")).err, /no published feature/);
  assert.equal((await project.run("rollback", "user_total", "--previous")).code, 0);
  assert.deepEqual(await published(project), { user_orders: "1.0.0", user_total: "1.0.1" });
  const { batches } = JSON.parse((await project.run("log", "--json")).out);
  assert.deepEqual(batches.map(({ kind }: { kind: string }) => kind), [
    "rollback",
    "retire",
    "rollback",
    "build",
    "build",
  ]);
  assert.equal((await project.run("rollback", "--to-tx", batches[3].tx)).code, 0);
  assert.deepEqual(await published(project), { user_orders: "1.0.1", user_total: "1.0.1" });
});

lifeTest("sync puts back what was deleted, and verify and --repair mend", async (project, wire) => {
  const heads = of("head", "1.0.1/data.parquet");
  assert.deepEqual(sorted(await project.requests("sync")), sorted([`get ${M}`, ...heads]));
  const store = await openStore(wire.direct);
  for (
    const key of ["user_total/1.0.1/data.parquet", "user_orders/_latest.json", "user_orders/1.0.1/.meta.json"]
  ) {
    await store.delete(parseKey(key));
  }
  const found = await project.run("verify");
  assert.equal(found.code, 1);
  assert.match(
    found.out,
    /^damage +user_total\/1\.0\.1\/data\.parquet .*mlforge sync --features user_total/m,
  );
  assert.match(
    (await project.run("sync")).out,
    /^user_total +1\.0\.1 .* was not here; built again: the same bytes$/m,
  );
  const repaired = await project.run("verify", "--repair");
  assert.equal(repaired.code, 0, repaired.out);
  assert.match(repaired.out, /^mended +user_orders\/1\.0\.1\/\.meta\.json/m);
  assert.match((await project.run("verify", "--deep")).out, /all is right$/m);
});

lifeTest("gc deletes what is old, and verify finds all right", async (project, { kind }) => {
  await project.run("retire", "user_orders");
  const dry = await project.run("gc", "--keep", "1", "--grace", "0");
  assert.match(dry.out, /^Would delete data of 3 versions/m);
  const asked = await project.requests("gc", "--keep", "1", "--grace", "0", "--yes");
  // M, the listing, M; a HEAD of each pointer; for each version its age and two deletions.
  // On S3 also the list of unfinished uploads.
  assert.equal(asked.length, 3 + 2 + 3 * 3 + (kind === "s3" ? 1 : 0), asked.join("\n"));
  assert.match(
    (await project.run("verify", "--deep")).out,
    /^Looked at 1 version of 1 feature: all is right$/m,
  );
  assert.equal((await project.run("rollback", "user_orders", "1.0.1")).code, 2);
  assert.equal((await project.run("build", "--quiet")).code, 0);
  assert.deepEqual(await published(project), { user_orders: "2.0.0", user_total: "1.0.1" });
});
