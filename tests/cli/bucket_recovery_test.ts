import assert from "node:assert/strict";
import { textBody } from "../../src/publish/object_store/exchange.ts";
import { stableJson } from "../../src/publish/meta.ts";
import { parseKey } from "../../src/stores/key.ts";
import { openStore } from "../../src/stores/open.ts";
import { sampleMeta } from "../publish/sample_batch.ts";
import type { Fault } from "../stores/fault_proxy.ts";
import { type Wire, wireTest } from "../stores/wire.ts";
import { type BucketProject, withBucketProject } from "./bucket_project.ts";
import { ORDERS } from "./project.ts";

const MORE = `${ORDERS}3,2026-01-04 10:00:00,1\n`;

function bucketTest(name: string, body: (project: BucketProject, wire: Wire) => Promise<void>): void {
  wireTest(name, (wire) => withBucketProject(wire, (project) => body(project, wire)));
}

/** feature -> version, as `list features` says; everything it names can be shown. */
async function listed(project: BucketProject): Promise<Record<string, string>> {
  const { code, out, err } = await project.run("list", "features", "--json");
  assert.equal(code, 0, err);
  const features: { name: string; version: string }[] = JSON.parse(out).features;
  return Object.fromEntries(features.map(({ name, version }) => [name, version]));
}

const both = (version: string) => ({ user_orders: version, user_total: version });

/** In a later build of two features, by number: one of the data, the commit, one of the metadata, a pointer. */
const BOUNDARIES = { "its data": 1, "its commit": 4, "its metadata": 5, "its pointers": 7 };

for (const [what, write] of Object.entries(BOUNDARIES)) {
  bucketTest(
    `mlforge build killed while it writes ${what}: all or nothing, and the next one heals`,
    async (project, wire) => {
      assert.equal((await project.run("build", "--quiet")).code, 0);
      await project.write("orders.csv", MORE);
      const reached = Promise.withResolvers<void>();
      const gone = Promise.withResolvers<void>();
      const act = async () => {
        reached.resolve();
        await gone.promise;
      };
      wire.proxy.clear();
      wire.proxy.fault({ kind: "first", act }, { when: ({ method }) => method !== "GET", nth: write });
      const child = project.start("build");
      await reached.promise;
      child.kill("SIGKILL");
      await child.output();
      gone.resolve();
      await wire.proxy.idle();
      // The server got what was under way, so that a killed commit is one.
      const seen = both(write < BOUNDARIES["its commit"] ? "1.0.0" : "1.0.1");
      assert.deepEqual(await listed(project), seen);
      const next = await project.run("build");
      assert.equal(next.code, 0, next.err);
      assert.equal(/Completed commit .* of another run/.test(next.err), seen.user_total === "1.0.1");
      assert.deepEqual(await listed(project), both("1.0.1"));
      assert.match((await project.run("build")).out, /^Unchanged 2, in/);
    },
  );
}

const LOST: Record<string, Fault> = {
  "never answered, though it was made": { kind: "response lost" },
  "answered with 500, though it was made": { kind: "answer", status: 500, applied: true },
  "lost on its way": { kind: "lost before" },
};

for (const [what, fault] of Object.entries(LOST)) {
  bucketTest(
    `mlforge build whose commit is ${what} ends with 0, and it is published`,
    async (project, wire) => {
      assert.equal((await project.run("build", "--quiet")).code, 0);
      await project.write("orders.csv", MORE);
      const commit = {
        when: ({ method }: { method: string }) => method !== "GET",
        nth: BOUNDARIES["its commit"],
      };
      wire.proxy.clear();
      wire.proxy.fault(fault, commit);
      const { code, err } = await project.run("build", "--quiet");
      assert.equal(code, 0, err);
      assert.equal(wire.proxy.requests.filter((request) => request.fault !== undefined).length, 1);
      assert.deepEqual(await listed(project), both("1.0.1"));
    },
  );
}

bucketTest(
  "a store that the Python mlforge wrote is read as it is, and taken over by the first build",
  async (project, wire) => {
    // Data is made here, metadata and pointers are what Python writes: no key of ours, and a hash cut short.
    assert.equal((await project.run("build", "--quiet")).code, 0);
    const ours = await openStore(wire.direct);
    const data = await ours.get(parseKey("user_total/1.0.0/data.parquet"));
    const bytes = new Uint8Array(await new Response(data?.body).arrayBuffer());
    const theirs = await openStore({ ...wire.direct, prefix: "python" });
    const put = async (key: string, text: string) => {
      assert.equal((await theirs.put(parseKey(key), textBody(text), { create: true })).kind, "written");
    };
    const { sha256 = "" } = data ?? {};
    await theirs.put(parseKey("user_total/1.2.0/data.parquet"), { bytes, sha256 }, { create: true });
    for (const version of ["1.2.0", "1.3.0"]) {
      const { mlforge: _, ...python } = sampleMeta("", "user_total", version, "", "minor");
      const columns = [{ name: "user_id", dtype: "int64" }, { name: "total", dtype: "int64" }];
      await put(
        `user_total/${version}/.meta.json`,
        stableJson({ ...python, columns, content_hash: "0123abcd" }),
      );
    }
    await put("user_total/_latest.json", '{"version": "1.2.0"}');

    const yaml = await Deno.readTextFile(`${project.cwd}/mlforge.yaml`);
    await project.write("mlforge.yaml", yaml.replace(`prefix: ${wire.store.prefix}`, "prefix: python"));
    assert.deepEqual(await listed(project), { user_total: "1.2.0" });
    assert.equal(
      (await project.run("show", "user_total")).out,
      "user_id  total\n      1     12\n      2     11\n",
    );
    wire.proxy.clear();
    const built = await project.run("build");
    assert.equal(built.code, 0, built.err);
    // Above every number that was ever used there.
    assert.match(built.out, /^user_total +1\.2\.0 -> 1\.4\.0 .* definition changed/m);
    assert.deepEqual(await listed(project), { user_orders: "1.0.0", user_total: "1.4.0" });
    const pointer = await theirs.get(parseKey("user_total/_latest.json"));
    assert.equal(JSON.parse(await new Response(pointer?.body).text()).version, "1.4.0");
    assert.match((await project.run("build")).out, /^Unchanged 2, in/);
  },
);
