import assert from "node:assert/strict";
import { join } from "node:path";
import { bucketTest, type RemoteBucket } from "../fetch/remote_bucket.ts";
import { openFaultProxy } from "../stores/fault_proxy.ts";
import { S3_KEYS } from "../stores/servers.ts";
import { DEFINITIONS, ORDERS, withProject } from "./project.ts";
import { cliCommand, runCli } from "./run_cli.ts";

const KEYS = {
  AWS_ACCESS_KEY_ID: S3_KEYS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: S3_KEYS.secretAccessKey,
  AWS_REGION: "us-east-1",
};

/** The project of tests/cli with its source and its store in a bucket, behind an address. */
function withRemoteProject(
  { config, address }: RemoteBucket,
  endpoint: string,
  use: (options: { cwd: string; env: Record<string, string> }) => Promise<void>,
): Promise<void> {
  const store = `{ KIND: ${config.kind}, bucket: ${config.bucket}, prefix: store, endpoint: "${endpoint}" }`;
  return withProject((cwd) => use({ cwd, env: { ...KEYS, MLFORGE_CACHE_DIR: join(cwd, "cache") } }), {
    "mlforge.yaml": `default_profile: dev\nprofiles: { dev: { offline_store: ${store} } }\n`,
    "definitions.yaml": DEFINITIONS.replace("orders.csv", `"${address("in/*.csv")}"`),
  });
}

bucketTest("every command that knows sources knows those in buckets", async (bucket) => {
  await bucket.put("in/orders.csv", ORDERS);
  await withRemoteProject(bucket, bucket.config.endpoint, async (options) => {
    const run = async (...args: string[]) => {
      const { code, out, err } = await runCli(args, options);
      assert.equal(code, 0, err);
      return out + err;
    };
    assert.match(await run("validate"), /is right: features 2, sources 1/);
    const path = bucket.address("in/*.csv");
    const [listed] = JSON.parse(await run("list", "sources", "--json")).sources;
    assert.deepEqual([listed.path, listed.features], [path, ["user_orders", "user_total"]]);
    assert((await run("inspect", "source", "orders")).includes(path));
    assert.match(await run("build", "--dry-run"), /user_orders +new +1\.0\.0 +\d+ B/);
    assert.match(await run("build", "--preview"), /2026-01-02 10:00:00 +11/);
    assert.match(await run("build"), /Built 2/);
    assert.match(await run("build"), /Unchanged 2/);
    assert.match(await run("build", "--check"), /unchanged/);
    const meta = JSON.parse(await run("inspect", "feature", "user_total", "--json"));
    assert.deepEqual([meta.source, meta.mlforge.sources[0].kind], [path, "token"]);
  });
});

bucketTest(
  "without a terminal a build says that it fetches; SIGINT then ends it with 130",
  async (bucket) => {
    await bucket.put("in/orders.csv", ORDERS);
    const proxy = openFaultProxy(bucket.config.endpoint, bucket.config.kind);
    try {
      await withRemoteProject(bucket, proxy.endpoint, async (options) => {
        const child = cliCommand(["build", "--workers", "1"], options).spawn();
        // The file comes only once nobody is there to take it: the next build has it still to fetch.
        const interrupt = async () => {
          child.kill("SIGINT");
          await child.status;
        };
        proxy.fault(
          { kind: "first", act: interrupt },
          { when: ({ path }) => path.includes("orders.csv"), times: Infinity },
        );
        const { code, stderr } = await child.output();
        assert.equal(code, 130, new TextDecoder().decode(stderr));
        proxy.clear();
        const { out, err } = await runCli(["build", "--workers", "1"], options);
        assert.match(err, /user_orders, user_total: fetching sources/);
        assert.match(out, /Built 2/);
      });
    } finally {
      await proxy.close();
    }
  },
);
