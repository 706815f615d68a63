/**
 * Upload and download of 1 GB in 8 files by 2 workers, against what `rclone copy` does with the same files on the same
 * server in the same round. `deno run -A bench/object_stores.ts s3|gcs`; rclone and the server must be installed.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { findServer, startServers } from "../scripts/servers.ts";
import type { Transfer } from "./object_stores/transfer.ts";
import { compare } from "./paired.ts";

type Kind = "s3" | "gcs";

const FILES = 8;
const FILE_BYTES = 125_000_000;
const ROUNDS = 3;
const KEYS = { AWS_ACCESS_KEY_ID: "mlforge-test", AWS_SECRET_ACCESS_KEY: "mlforge-test-secret" };

const [kind] = Deno.args;
if (kind !== "s3" && kind !== "gcs") throw new Error("Say which: s3 or gcs");

const folder = await Deno.makeTempDir({ prefix: "mlforge-bench-" });
const servers = await startServers();
try {
  const endpoint = servers.env[kind === "s3" ? "MLFORGE_TEST_S3" : "MLFORGE_TEST_GCS"];
  if (endpoint === undefined) throw new Error(servers.missing.join("\n"));
  await run(kind, endpoint);
} finally {
  await servers.stop();
  await Deno.remove(folder, { recursive: true });
}

async function run(kind: Kind, endpoint: string): Promise<void> {
  const rclone = await rcloneOf(kind, endpoint);
  const [files, back] = [join(folder, "files"), join(folder, "back")];
  for (const path of [files, back]) await Deno.mkdir(path);
  const hashes = await makeFiles(files);

  const transfer = async (way: Transfer["way"], place: string): Promise<string[]> => {
    const store = { kind, endpoint, bucket: "ours", prefix: "" };
    const task: Transfer = { way, store, folder: place, hashes, peaks: join(folder, way) };
    const path = join(folder, `${way}.json`);
    await Deno.writeTextFile(path, JSON.stringify(task));
    const program = new URL("./object_stores/transfer.ts", import.meta.url).pathname;
    return [Deno.execPath(), "run", "-A", "--no-check", program, path];
  };
  const anew = (bucket: string) => async () => {
    await rclone.run("purge", `server:${bucket}`).catch(() => {});
    await rclone.run("mkdir", `server:${bucket}`);
  };
  const emptied = async () => {
    for await (const { name } of Deno.readDir(back)) await Deno.remove(join(back, name));
  };
  const env = { ...KEYS, AWS_REGION: "us-east-1" };
  const what = `${FILES} x ${FILE_BYTES / 1e6} MB`;
  await compare(`Upload of ${what} to ${kind}`, [
    { name: "rclone copy", command: rclone.command("copy", files, "server:theirs"), before: anew("theirs") },
    { name: "mlforge, 2 workers", command: await transfer("upload", files), env, before: anew("ours") },
  ], ROUNDS);
  await printPeaks("upload");
  await compare(`Download of ${what} from ${kind}`, [
    { name: "rclone copy", command: rclone.command("copy", "server:theirs", back), before: emptied },
    { name: "mlforge, 2 workers", command: await transfer("download", back), env, before: emptied },
  ], ROUNDS);
  await printPeaks("download");
}

/** Files that nothing can compress, and the SHA-256 of each: a build knows it once it has written a file. */
async function makeFiles(folder: string): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (let i = 0; i < FILES; i++) {
    const bytes = new Uint8Array(FILE_BYTES);
    for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    await Deno.writeFile(join(folder, `${i}.parquet`), bytes);
    hashes[`${i}.parquet`] = createHash("sha256").update(bytes).digest("hex");
  }
  return hashes;
}

async function printPeaks(way: Transfer["way"]): Promise<void> {
  const peaks = (await Deno.readTextFile(join(folder, way))).trim().split("\n").map(Number);
  console.log(`  mlforge's memory, at most                    ${(Math.max(...peaks) / 1e6).toFixed(0)} MB`);
}

async function rcloneOf(kind: Kind, endpoint: string) {
  const path = await findServer("rclone");
  if (path === undefined) throw new Error("go install github.com/rclone/rclone@v1.71.0");
  const config = join(folder, "rclone.conf");
  const s3 = `type = s3\nprovider = Other\naccess_key_id = ${KEYS.AWS_ACCESS_KEY_ID}\n` +
    `secret_access_key = ${KEYS.AWS_SECRET_ACCESS_KEY}\nregion = us-east-1\nforce_path_style = true\n`;
  const gcs =
    "type = google cloud storage\nanonymous = true\nproject_number = test\nbucket_policy_only = true\n";
  await Deno.writeTextFile(
    config,
    `[server]\n${kind === "s3" ? s3 : gcs}endpoint = ${endpoint}${kind === "s3" ? "" : "/storage/v1/"}\n`,
  );
  const command = (...args: string[]) => [path, "--config", config, ...args];
  return {
    command,
    async run(...args: string[]): Promise<void> {
      const [program = "", ...rest] = command(...args);
      const { success, stderr } = await new Deno.Command(program, { args: rest }).output();
      if (!success) throw new Error(new TextDecoder().decode(stderr));
    },
  };
}
