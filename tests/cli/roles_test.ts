import assert from "node:assert/strict";
import { join } from "node:path";
import { openS3Bucket } from "../../src/stores/s3.ts";
import { makeS3User, PUBLISHING, READING, type Statement } from "../stores/s3_user.ts";
import { serverTest, type TestServer } from "../stores/servers.ts";
import { AWS_ENV } from "../stores/wire.ts";
import { DEFINITIONS, withProject } from "./project.ts";
import { runCli } from "./run_cli.ts";

interface Place {
  cwd: string;
  bucket: string;
  server: TestServer;
  /** Runs mlforge as a user; gives its exit code, and what it said on both streams. */
  as(env: Record<string, string>, ...args: string[]): ReturnType<typeof runCli>;
}

/** A test in a project whose two features root has published to a bucket of its own. */
function rolesTest(says: string, body: (place: Place) => Promise<void>): void {
  serverTest("s3", says, async (server) => {
    const bucket = await server.makeBucket();
    const store = `{ KIND: s3, bucket: ${bucket}, prefix: v1, endpoint: "${server.endpoint}" }`;
    const profiles = `default_profile: s3\nprofiles:\n  s3: { offline_store: ${store} }\n`;
    await withProject(async (cwd) => {
      const as = (env: Record<string, string>, ...args: string[]) =>
        runCli(args, { cwd, env: { ...env, MLFORGE_CACHE_DIR: join(cwd, "cache") } });
      const built = await as(AWS_ENV, "build", "--quiet");
      assert.equal(built.code, 0, built.err);
      await body({ cwd, bucket, server, as });
    }, { "mlforge.yaml": profiles });
  });
}

/** The policies of docs/stores.md, for publishing and for reading, on a bucket of the tests. */
async function documentedPolicies(bucket: string): Promise<Statement[][]> {
  const docs = await Deno.readTextFile(new URL("../../docs/stores.md", import.meta.url));
  const policies = docs.matchAll(/```json\n(\{\n {2}"Version"[\s\S]*?)```/g);
  return [...policies].map(([, text = ""]) =>
    JSON.parse(text.replaceAll("my-features", bucket).replaceAll("prod/v1", "v1")).Statement
  );
}

/** Every object of a bucket with its state. */
async function statesIn({ endpoint }: TestServer, bucket: string): Promise<string[]> {
  for (const [name, value] of Object.entries(AWS_ENV)) Deno.env.set(name, value);
  const opened = await openS3Bucket({ kind: "s3", bucket, prefix: "", endpoint, region: "us-east-1" });
  return (await Array.fromAsync(opened.list(""))).map(({ name, token }) => `${name} ${token}`);
}

async function changeDefinitions(cwd: string): Promise<void> {
  await Deno.writeTextFile(join(cwd, "definitions.yaml"), DEFINITIONS.replace("sum(amount)", "max(amount)"));
}

rolesTest(
  "who has the two rights of reading can use every command that reads",
  async ({ cwd, bucket, server, as }) => {
    const { env } = await makeS3User(server, bucket, READING);
    await Deno.writeTextFile(join(cwd, "labels.csv"), "user_id,at\n1,2026-01-04 00:00:00\n");
    const commands = [
      ["list", "features"],
      ["list", "versions", "user_total"],
      ["inspect", "feature", "user_total"],
      ["show", "user_total", "--key", "user_id=1"],
      ["path", "user_total"],
      [
        "retrieve",
        "--labels",
        "labels.csv",
        "--time",
        "at",
        "--features",
        "user_orders,user_total",
        "--output",
        "o.parquet",
      ],
      ["build"],
      ["build", "--check"],
      ["build", "--dry-run"],
    ];
    for (const args of commands) {
      const { code, err } = await as(env, ...args);
      assert.equal(code, 0, `${args.join(" ")}: ${err}`);
    }
    assert.match((await as(env, "show", "user_total", "--key", "user_id=1")).out, /^ +1 +12$/m);
    const { code, out } = await as(env, "profile", "--validate");
    assert.equal(code, 0);
    assert.match(out, /^ {2}write +refused +\d+ ms {2}Can't .*s3:\/\/.*denied/m);
    assert.match(out, /^ {2}Read-only: good for reading$/m);
  },
);

rolesTest("who may only read can't publish: one clear error, and nothing is written", async (place) => {
  const { cwd, bucket, server, as } = place;
  const { env } = await makeS3User(server, bucket, READING);
  const before = await statesIn(server, bucket);
  await changeDefinitions(cwd);
  const { code, out, err } = await as(env, "build", "--features", "user_total");
  assert.equal(code, 1);
  assert.equal(out, "");
  assert.match(err, /Nothing was published\.\nError: Can't .*s3:\/\/\S+: .*denied.*\n {2}.*s3:PutObject/);
  assert.equal(err.match(/Error:/g)?.length, 1, err);
  assert.deepEqual(await statesIn(server, bucket), before);
});

rolesTest("who has the four rights of publishing can publish, and leaves no probe", async (place) => {
  const { cwd, bucket, server, as } = place;
  const { env } = await makeS3User(server, bucket, PUBLISHING);
  const before = await statesIn(server, bucket);
  const validated = await as(env, "profile", "--validate");
  assert.match(validated.out, /^ {2}Good for reading and publishing$/m);
  assert.deepEqual(await statesIn(server, bucket), before);
  await changeDefinitions(cwd);
  const { code, out, err } = await as(env, "build");
  assert.equal(code, 0, err);
  assert.match(out, /^Built 1, unchanged 1,/m);
});

rolesTest("without the right to delete, publishing works, and what is lost is said", async (place) => {
  const { cwd, bucket, server, as } = place;
  const { env } = await makeS3User(
    server,
    bucket,
    PUBLISHING.filter((action) => action !== "s3:DeleteObject"),
  );
  const { code, out } = await as(env, "profile", "--validate");
  assert.equal(code, 0);
  assert.match(
    out,
    /^ {2}delete +refused .*mlforge gc can't remove anything, and the probe stays: "_mlforge\/probe\//m,
  );
  assert.match(out, /^ {2}Good for reading and publishing$/m);
  await changeDefinitions(cwd);
  assert.equal((await as(env, "build", "--quiet")).code, 0);
});

rolesTest(
  "the policies of the docs are valid, and give what they say",
  async ({ cwd, bucket, server, as }) => {
    const [publishing = [], reading = []] = await documentedPolicies(bucket);
    assert.deepEqual([publishing.length, reading.length], [2, 2]);
    const reader = await makeS3User(server, bucket, reading);
    const read = await as(reader.env, "profile", "--validate");
    assert.match(read.out, /^ {2}Read-only: good for reading$/m, read.err);
    assert.equal((await as(reader.env, "show", "user_total")).code, 0);
    await changeDefinitions(cwd);
    assert.equal((await as(reader.env, "build", "--quiet")).code, 1);

    const builder = await makeS3User(server, bucket, publishing);
    const written = await as(builder.env, "profile", "--validate");
    assert.match(written.out, /^ {2}Good for reading and publishing$/m, written.err);
    const built = await as(builder.env, "build", "--quiet");
    assert.equal(built.code, 0, built.err);
  },
);
