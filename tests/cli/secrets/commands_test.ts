import assert from "node:assert/strict";
import { join } from "node:path";
import { COMMANDS as ALL_COMMANDS } from "../../../src/cli/routes.ts";
import { openS3Bucket } from "../../../src/stores/s3.ts";
import { makeS3User, PUBLISHING } from "../../stores/s3_user.ts";
import { serverTest } from "../../stores/servers.ts";
import { AWS_ENV } from "../../stores/wire.ts";
import { DEFINITIONS, withProject } from "../project.ts";
import { assertNoLeak, assertNoLeakInFiles, newKeyId, plant, runWatched } from "./canaries.ts";

const CASE = `cases:
  - name: orders are added up
    feature: user_total
    rows: { orders: [{ user_id: 1, at: 2026-01-01T10:00:00, amount: 5 }] }
    expect: [{ user_id: 1, total: 5 }]
`;

/** Every command once, in an order in which each has something to do. */
const COMMANDS = [
  "validate",
  "build --dry-run",
  "build --preview",
  "build",
  "build --check",
  "build --force",
  "list features",
  "list entities",
  "list sources",
  "list versions user_total",
  "inspect feature user_total",
  "inspect entity user",
  "inspect source orders",
  "show user_orders --limit 100",
  "path user_total",
  "retrieve --labels labels.csv --time at --features user_orders --output out.parquet",
  "audit leak",
  "audit leak out.parquet",
  "diff",
  "test",
  "verify --deep",
  "manifest",
  "completion bash",
  "sync --check",
  "profile",
  "profile --validate --all",
  "promote user_total --from cloud --to other",
  "rollback user_total 1.0.0",
  "retire user_total",
  "log",
  "gc --yes",
  "schema profile",
  "init fresh",
];

Deno.test("every command is among those that are watched for secrets", () => {
  const watched = new Set(COMMANDS.map((command) => command.split(" ")[0]));
  assert.deepEqual(ALL_COMMANDS.map(({ name }) => name).filter((name) => !watched.has(name)), []);
});

serverTest(
  "s3",
  "no command, object or file gives a secret away, with secrets of every kind in reach",
  async (server) => {
    const bucket = await server.makeBucket();
    const keys = { access: newKeyId(), secret: "kanarieSecretAccessKey0123456789abcdefghi" };
    const { env } = await makeS3User(server, bucket, PUBLISHING, keys);
    const store = (prefix: string) =>
      `{ KIND: s3, bucket: ${bucket}, prefix: ${prefix}, endpoint: "${server.endpoint}" }`;
    const profiles = `default_profile: cloud\nprofiles:\n  cloud: { offline_store: ${store("v1")} }\n` +
      `  other: { offline_store: ${store("v2")} }\n`;
    const files = {
      "mlforge.yaml": profiles,
      "labels.csv": "user_id,at\n1,2026-01-04 00:00:00\n",
      "total.test.yaml": CASE,
    };
    await withProject(async (cwd) => {
      const planted = join(cwd, "planted");
      // The server knows of no session tokens, and refuses them.
      const { AWS_SESSION_TOKEN: _, ...found } = await plant(planted);
      const all = {
        ...found,
        ...env,
        MLFORGE_CACHE_DIR: join(cwd, "cache"),
        TMPDIR: join(cwd, "temp"),
      };
      await Deno.mkdir(all.TMPDIR);
      for (const command of COMMANDS) {
        const { code, err } = await runWatched(command.split(" "), { cwd, env: all });
        assert.equal(code, 0, `${command}: ${err}`);
        // What has been done is not there to be done again: this may end with an error, which has to keep secrets, too.
        await runWatched([...command.split(" "), "--json"], { cwd, env: all });
      }
      await Deno.writeTextFile(
        join(cwd, "definitions.yaml"),
        DEFINITIONS.replace("sum(amount)", "sum(amont)"),
      );
      const failed = await runWatched(["build"], { cwd, env: all });
      assert.equal(failed.code, 1);
      await assertNoLeakInFiles(cwd, planted);
    }, files);

    for (const [name, value] of Object.entries(AWS_ENV)) Deno.env.set(name, value);
    const opened = await openS3Bucket({ kind: "s3", bucket, prefix: "", endpoint: server.endpoint });
    const objects = await Array.fromAsync(opened.list(""));
    assert.ok(objects.length > 10);
    for (const { name } of objects) {
      const got = await opened.get(name) ?? assert.fail(name);
      const bytes = new Uint8Array(await new Response(got.body).arrayBuffer());
      assertNoLeak(name, `${name} ${got.sha256} ${new TextDecoder("latin1").decode(bytes)}`);
    }
  },
);
