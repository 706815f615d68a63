import assert from "node:assert/strict";
import { S3_KEYS, serverTest } from "../stores/servers.ts";
import { withProject } from "./project.ts";
import { runCli } from "./run_cli.ts";

/** Builds, finds nothing more to do, and reads back what is published. */
async function buildsAndReads(
  store: Record<string, unknown>,
  env: Record<string, string> = {},
): Promise<void> {
  const config = JSON.stringify({ default_profile: "dev", profiles: { dev: { offline_store: store } } });
  await withProject(async (cwd) => {
    const built = await runCli(["build"], { cwd, env });
    assert.equal(built.code, 0, built.err);
    assert.match(built.out, /^user_total +1\.0\.0 +2 /m);
    const again = await runCli(["build"], { cwd, env });
    assert.match(again.out, /^Unchanged 2,/, again.err);
    const listed = await runCli(["list", "features", "--json"], { cwd, env });
    const names = JSON.parse(listed.out).features.map(({ name }: { name: string }) => name);
    assert.deepEqual(names, ["user_orders", "user_total"]);
    const shown = await runCli(["show", "user_total", "--json"], { cwd, env });
    assert.equal(shown.code, 0, shown.err);
    assert.equal(JSON.parse(shown.out).rows.length, 2);
  }, { "mlforge.yaml": config });
}

Deno.test("a project on a local store is built, and read back", async () => {
  await buildsAndReads({ KIND: "local", path: "./feature_store" });
});

serverTest("s3", "a project on S3 is built, and read back", async ({ endpoint, makeBucket }) => {
  const bucket = await makeBucket();
  await buildsAndReads({ KIND: "s3", bucket, prefix: "v1", region: "us-east-1", endpoint }, {
    AWS_ACCESS_KEY_ID: S3_KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: S3_KEYS.secretAccessKey,
  });
});

serverTest("gcs", "a project on GCS is built, and read back", async ({ endpoint, makeBucket }) => {
  await buildsAndReads({ KIND: "gcs", bucket: await makeBucket(), prefix: "v1", endpoint });
});
