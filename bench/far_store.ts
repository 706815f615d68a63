/** A build of 32 small features into stores that are 50 ms away, there and back, against the same build into a folder. */
import { join } from "node:path";
import { startServers } from "../scripts/servers.ts";
import { openFaultProxy } from "../tests/stores/fault_proxy.ts";
import { MAKE_BUCKET, S3_KEYS } from "../tests/stores/servers.ts";
import { compare, type Contestant } from "./paired.ts";

const LATENCY = 50;
const main = new URL("../main.ts", import.meta.url).pathname;
const folder = await Deno.makeTempDir({ prefix: "mlforge-bench-" });
const env = {
  AWS_ACCESS_KEY_ID: S3_KEYS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: S3_KEYS.secretAccessKey,
  AWS_REGION: "us-east-1",
};
await Deno.writeTextFile(
  join(folder, "definitions.yaml"),
  "name: bench\nsources:\n  events: {path: events.csv}\nfeatures:\n" +
    Array.from(
      { length: 32 },
      (_, i) =>
        `  amount_${i}: {source: events, keys: [user_id], sql: "select user_id, max(amount) + ${i} as most from events group by user_id"}\n`,
    )
      .join(""),
);

/** Other data each time, so that there is something to build. */
async function writeEvents(): Promise<void> {
  const rows = Array.from({ length: 1000 }, (_, i) => `${i % 100},${Math.random()}\n`);
  await Deno.writeTextFile(join(folder, "events.csv"), "user_id,amount\n" + rows.join(""));
}

function contestant(name: string, store: () => string, later: boolean): Contestant {
  let yaml = "";
  return {
    name,
    command: [
      Deno.execPath(),
      "run",
      "-A",
      main,
      "build",
      "--quiet",
      "--config",
      join(folder, "mlforge.yaml"),
    ],
    env,
    cwd: folder,
    async before() {
      if (yaml === "" || !later) yaml = store();
      await writeEvents();
      await Deno.writeTextFile(
        join(folder, "mlforge.yaml"),
        `default_profile: one\nprofiles:\n  one:\n    offline_store: ${yaml}\n`,
      );
    },
  };
}

const servers = await startServers({ keepAlive: true });
const proxies = [];
try {
  const kinds: [string, () => string][] = [[
    "a folder",
    () => `{ KIND: local, path: ./${crypto.randomUUID()} }`,
  ]];
  for (const kind of ["s3", "gcs"] as const) {
    const endpoint = servers.env[`MLFORGE_TEST_${kind.toUpperCase()}`];
    if (endpoint === undefined) continue;
    const proxy = openFaultProxy(endpoint, kind);
    proxy.latency = LATENCY;
    proxies.push(proxy);
    const bucket = await MAKE_BUCKET[kind](endpoint);
    kinds.push([
      `${kind}, ${LATENCY} ms away`,
      () =>
        `{ KIND: ${kind}, bucket: ${bucket}, prefix: ${crypto.randomUUID()}, endpoint: "${proxy.endpoint}" }`,
    ]);
  }
  const rounds = Number(Deno.args[0] ?? 5);
  for (const later of [false, true]) {
    const title = later ? "All 32 again, of other data" : "The first build of a store, 32 features";
    await compare(title, kinds.map(([name, store]) => contestant(name, store, later)), rounds);
  }
} finally {
  for (const proxy of proxies) await proxy.close();
  await servers.stop();
  for (const missing of servers.missing) console.log(`Not installed, so left out: ${missing}`);
  await Deno.remove(folder, { recursive: true });
}
