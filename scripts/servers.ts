/** The real object stores that tests run against, started on this machine: versitygw (S3) and fake-gcs-server (GCS). */
import { join } from "node:path";

/** What a test reads from the environment to reach them; set by whoever starts them. */
export interface Servers {
  env: Record<string, string>;
  /** What could not be started, each with the command that installs it. */
  missing: string[];
  stop(): Promise<void>;
}

const INSTALL = {
  versitygw: "go install github.com/versity/versitygw/cmd/versitygw@v1.8.0",
  "fake-gcs-server": "go install github.com/fsouza/fake-gcs-server@v1.56.1",
};

/**
 * Starts what is installed (on the PATH, or where `go install` puts it), with data in a folder that goes with them. With
 * `keepAlive` versitygw keeps connections, as S3 does: then Deno notices only at a time-out that a PUT's connection has
 * been closed, which tests of many such faults have no time for.
 */
export async function startServers({ keepAlive = false } = {}): Promise<Servers> {
  const folder = await Deno.makeTempDir({ prefix: "mlforge-servers-" });
  const children: Deno.ChildProcess[] = [];
  // Nobody's own credentials.
  const env: Record<string, string> = {
    CLOUDSDK_CONFIG: join(folder, "gcloud"),
    GOOGLE_APPLICATION_CREDENTIALS: "",
  };
  const missing: string[] = [];
  const start = async (
    name: keyof typeof INSTALL,
    port: number,
    args: readonly string[],
    own: Record<string, string> = {},
  ): Promise<boolean> => {
    const path = await findServer(name);
    if (path === undefined) {
      missing.push(`${name}: ${INSTALL[name]}`);
      return false;
    }
    const child = new Deno.Command(path, { args: [...args], env: own, stdout: "null", stderr: "null" })
      .spawn();
    children.push(child);
    await untilItListens(port, child, name);
    return true;
  };
  for (const name of ["data", "iam"]) await Deno.mkdir(join(folder, name));
  const s3 = freePort();
  const keys = { ROOT_ACCESS_KEY: "mlforge-test", ROOT_SECRET_KEY: "mlforge-test-secret" };
  const options = ["--quiet", ...keepAlive ? ["--keep-alive"] : []];
  const s3Args = [...options, "--port", `127.0.0.1:${s3}`, "--iam-dir", join(folder, "iam"), "posix"];
  if (await start("versitygw", s3, [...s3Args, join(folder, "data")], keys)) {
    env.MLFORGE_TEST_S3 = `http://127.0.0.1:${s3}`;
  }
  const gcs = freePort();
  const address = `127.0.0.1:${gcs}`;
  const gcsArgs = ["-scheme", "http", "-host", "127.0.0.1", "-port", String(gcs), "-backend", "memory"];
  // A host without a port is known under every port: requests come by a proxy, too.
  const names = ["-public-host", "127.0.0.1", "-external-url", `http://${address}`, "-log-level", "error"];
  if (await start("fake-gcs-server", gcs, [...gcsArgs, ...names])) env.MLFORGE_TEST_GCS = `http://${address}`;
  return {
    env,
    missing,
    async stop() {
      for (const child of children) {
        try {
          child.kill("SIGKILL");
        } catch {
          // It has ended by itself.
        }
        await child.status;
      }
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** The path of an installed server: on the PATH, or where `go install` puts it. */
export async function findServer(name: keyof typeof INSTALL | "rclone"): Promise<string | undefined> {
  const home = Deno.env.get("HOME") ?? "";
  const go = Deno.env.get("GOBIN") ?? join(Deno.env.get("GOPATH") ?? join(home, "go"), "bin");
  const separator = Deno.build.os === "windows" ? ";" : ":";
  const folders = [...(Deno.env.get("PATH") ?? "").split(separator), go];
  for (const folder of folders) {
    const path = join(folder, Deno.build.os === "windows" ? `${name}.exe` : name);
    if (await Deno.stat(path).then((info) => info.isFile, () => false)) return path;
  }
  return undefined;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function untilItListens(port: number, child: Deno.ChildProcess, name: string): Promise<void> {
  let ended = false;
  child.status.then(() => (ended = true));
  for (let tries = 0; tries < 200; tries++) {
    if (ended) break;
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch {
      await new Promise((resume) => setTimeout(resume, 50));
    }
  }
  throw new Error(`${name} does not listen on port ${port}`);
}
