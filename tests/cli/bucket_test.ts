import assert from "node:assert/strict";
import { join } from "node:path";
import { openPublisher } from "../../src/publish/open.ts";
import { type Wire, wireTest } from "../stores/wire.ts";
import { type BucketProject, storeYaml, withBucketProject } from "./bucket_project.ts";
import { DEFINITIONS, ORDERS } from "./project.ts";

const M = "_mlforge/manifest.json";
const MORE = `${ORDERS}3,2026-01-04 10:00:00,1\n`;
const EACH = ["user_orders", "user_total"];

function bucketTest(
  name: string,
  body: (project: BucketProject, wire: Wire) => Promise<void>,
  files: Record<string, string> = {},
): void {
  wireTest(name, (wire) => withBucketProject(wire, (project) => body(project, wire), files));
}

/** feature -> version, by another process's eyes. */
async function published({ direct }: Wire): Promise<Record<string, string>> {
  const { features } = await (await openPublisher(direct)).read();
  return Object.fromEntries([...features].map(([name, { version }]) => [name, version]).sort());
}

/** The requests that publish both features: 3N + 3, as the look that planned them comes before. */
function publishing(version: string, tx: string): string[] {
  return [
    ...EACH.map((feature) => `put ${feature}/${version}/data.parquet`),
    `put _mlforge/tx/${tx}.json`,
    `put ${M}`,
    ...EACH.map((feature) => `put ${feature}/${version}/.meta.json`),
    ...EACH.map((feature) => `put ${feature}/_latest.json`),
    `put ${M}`,
  ];
}

bucketTest("a build costs 3N + 4 requests, one with nothing to do a single one", async (project, wire) => {
  const newest = async () =>
    (await (await openPublisher(wire.direct)).read()).features.get("user_total")?.tx ?? "";
  const sorted = (requests: string[]) => requests.toSorted();
  const first = await project.requests("build");
  // M, the proof that the server honours conditions (two refusals, one write), and the list of pointers.
  const opening = [`get ${M}`, "list", `put ${M}`, `put ${M}`, `put ${M}`, `put ${M}`];
  assert.deepEqual(first.slice(0, 6), opening);
  assert.deepEqual(sorted(first.slice(6)), sorted(publishing("1.0.0", await newest())));
  await project.write("orders.csv", MORE);
  const second = await project.requests("build");
  assert.equal(second.length, 3 * EACH.length + 4);
  assert.deepEqual(sorted(second), sorted([`get ${M}`, ...publishing("1.0.1", await newest())]));
  assert.deepEqual(await project.requests("build"), [`get ${M}`]);
  assert.deepEqual(await project.requests("build", "--check"), [`get ${M}`]);
  assert.deepEqual(await project.requests("build", "--dry-run"), [`get ${M}`]);
});

bucketTest("what the reading commands ask and say", async (project) => {
  await project.run("build", "--quiet");
  const metas = EACH.map((feature) => `get ${feature}/1.0.0/.meta.json`);
  assert.deepEqual(
    (await project.requests("list", "features")).toSorted(),
    [`get ${M}`, ...metas].toSorted(),
  );
  const listed = await project.run("list", "features");
  assert.match(listed.out, /^user_orders +1\.0\.0 +3 .* Each order as it was$/m);
  assert.match(
    (await project.run("list", "versions", "user_total")).out,
    /^\* +1\.0\.0 +2 .* First build\.$/m,
  );

  const meta = "get user_total/1.0.0/.meta.json";
  assert.deepEqual(await project.requests("path", "user_total"), [
    `get ${M}`,
    meta,
    "get user_total/1.0.0/data.parquet",
  ]);
  // From then on the data is on this computer, whoever asks for it.
  assert.deepEqual(await project.requests("path", "user_total"), [`get ${M}`, meta]);
  assert.deepEqual(await project.requests("show", "user_total"), [`get ${M}`, meta]);
  assert.deepEqual(await project.requests("show", "user_total@1.0.0"), [`get ${M}`, meta]);
  const path = (await project.run("path", "user_total")).out.trim();
  assert.match(path.slice(project.cwd.length), /^\/cache\/data\/[0-9a-f]{64}\.parquet$/);
  assert.equal((await Deno.stat(path)).isFile, true);
  assert.equal(
    (await project.run("show", "user_total")).out,
    "user_id  total\n      1     12\n      2     11\n",
  );
  assert.match((await project.run("inspect", "feature", "user_total")).out, /^data +here$/m);

  await project.write("labels.csv", "user_id,at\n1,2026-01-02 00:00:00\n");
  const labels = ["--labels", "labels.csv", "--time", "at", "--features", "user_orders", "-o", "out.parquet"];
  const asks = [`get ${M}`, "get user_orders/1.0.0/.meta.json", "get user_orders/1.0.0/data.parquet"];
  assert.deepEqual(await project.requests("retrieve", ...labels), asks);
  assert.match((await project.run("retrieve", ...labels)).out, /^user_orders +1\.0\.0 +1 +0 +0$/m);
});

bucketTest("--dry-run, --check and --version do as on a local store", async (project, wire) => {
  const dry = await project.run("build", "--dry-run");
  assert.match(dry.out, /^user_total +new +1\.0\.0 .* nothing is published yet$/m);
  assert.equal((await project.run("build", "--check")).code, 1);
  assert.deepEqual(wire.proxy.requests.filter(({ method }) => method !== "GET"), [], "nothing was written");
  assert.equal((await project.run("build", "--version", "2.0.0")).code, 0);
  assert.deepEqual(await published(wire), { user_orders: "2.0.0", user_total: "2.0.0" });
  const taken = await project.run("build", "--version", "1.5.0");
  assert.equal(taken.code, 2);
  assert.match(taken.err, /Can't publish "user_orders" as 1\.5\.0: it is not above 2\.0\.0/);
  await project.write("definitions.yaml", DEFINITIONS.replace("as total", "as sum_of_all"));
  const changed = await project.run("build", "--dry-run", "--features", "user_total");
  assert.match(changed.out, /^user_total +changed +2\.0\.0 +3\.0\.0 .* SQL or function changed$/m);
  const built = await project.run("build", "--json", "--quiet");
  assert.equal(
    JSON.parse(built.out).items.find((i: { feature: string }) => i.feature === "user_total").bump,
    "major",
  );
});

bucketTest(
  "--force publishes nothing that is the same, and puts data back that is gone",
  async (project, wire) => {
    await project.run("build", "--quiet");
    assert.match((await project.run("build", "--force")).out, /^Unchanged 2, in/);
    const { openStore } = await import("../../src/stores/open.ts");
    const { dataKey } = await import("../../src/publish/object_store/keys.ts");
    const store = await openStore(wire.direct);
    await store.delete(dataKey("user_total", "1.0.0"));
    const missing = await project.run("show", "user_total");
    assert.equal(missing.code, 1);
    const forced = await project.run("build", "--force");
    assert.match(forced.err, /^note user_total: put the data of 1\.0\.0 back in place$/m);
    assert.equal((await project.run("show", "user_total")).code, 0);
    assert.deepEqual(await published(wire), { user_orders: "1.0.0", user_total: "1.0.0" });
  },
);

bucketTest("--keep-going publishes the features that succeed", async (project, wire) => {
  const broken = await project.run("build");
  assert.equal(broken.code, 1);
  assert.match(broken.err, /^Nothing was published\.$/m);
  assert.deepEqual(await published(wire), {});
  assert.equal((await project.run("build", "--keep-going")).code, 1);
  assert.deepEqual(await published(wire), { user_orders: "1.0.0" });
}, { "definitions.yaml": DEFINITIONS.replace("sum(amount)", "sum(amont)") });

bucketTest(
  "Ctrl-C while data is uploaded ends with 130, publishes nothing and leaves no files",
  async (project, wire) => {
    const reached = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const hang = async () => {
      reached.resolve();
      await gone.promise;
    };
    // Four writes make the first M and prove the server; the fifth is of data.
    wire.proxy.fault({ kind: "first", act: hang }, { when: ({ method }) => method !== "GET", nth: 5 });
    const child = project.start("build");
    await reached.promise;
    child.kill("SIGINT");
    const { code, stderr } = await child.output();
    gone.resolve();
    assert.equal(code, 130, new TextDecoder().decode(stderr));
    assert.match(new TextDecoder().decode(stderr), /^Nothing was published\.\nError: Interrupted$/m);
    assert.deepEqual(await published(wire), {});
    assert.deepEqual([...Deno.readDirSync(join(project.cwd, "temp"))], []);
    assert.equal((await project.run("build")).code, 0);
  },
);

bucketTest("a store of another project is refused before anything is computed", async (project) => {
  await project.run("build", "--quiet");
  await project.write("definitions.yaml", DEFINITIONS.replace("name: shop", "name: bank"));
  for (const args of [[], ["--check"], ["--dry-run"]]) {
    const { code, err } = await project.run("build", ...args);
    assert.equal(code, 2);
    assert.match(err, /Refused this store: it is of project "shop", not "bank"\n.*a prefix of its own/s);
    assert.doesNotMatch(err, /started/);
  }
});

wireTest("a store written in the definitions, in YAML and in TypeScript", async (wire) => {
  const { kind: _kind, ...options } = wire.store;
  const store = wire.kind === "s3" ? "S3Store" : "GCSStore";
  const files = {
    "definitions.yaml": `${DEFINITIONS}offline_store: ${storeYaml(wire)}\n`,
    "definitions.ts": `import { Definitions, entity, feature, source, ${store} } from "mlforge";
const orders = source({ name: "orders", path: "orders.csv" });
const user = entity({ name: "user", joinKey: "user_id" });
export default new Definitions({
  name: "shop",
  offlineStore: new ${store}(${JSON.stringify(options)}),
  features: [feature({ name: "in_typescript", source: orders, entities: [user], timestamp: "at" })],
});
`,
  };
  await withBucketProject(wire, async (project) => {
    await Deno.remove(join(project.cwd, "mlforge.yaml"));
    for (const file of Object.keys(files)) {
      const { code, err } = await project.run("build", file);
      assert.equal(code, 0, err);
    }
    assert.deepEqual(await published(wire), {
      in_typescript: "1.0.0",
      user_orders: "1.0.0",
      user_total: "1.0.0",
    });
  }, files);
});
