import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const SCRIPT = new URL("../../install.sh", import.meta.url).pathname;
const system = { linux: "linux", darwin: "darwin" }[Deno.build.os as string];
const NAME = `mlforge-${system}-${Deno.build.arch === "x86_64" ? "x64" : "arm64"}`;
const PROGRAM = "#!/bin/sh\necho 9.9.9\n";

/** Runs install.sh on a mirror of a release; `digest` is what SHA256SUMS says of the binary. */
async function install(
  digest: string,
  use: (result: { code: number; text: string; folder: string }) => Promise<void>,
  { name = NAME, uname }: { name?: string; uname?: string } = {},
): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "mlforge-test-" });
  try {
    await Deno.writeTextFile(join(root, name), PROGRAM);
    await Deno.writeTextFile(join(root, "SHA256SUMS"), `${digest}  ${name}\n`);
    const env: Record<string, string> = {};
    if (uname !== undefined) {
      await Deno.writeTextFile(join(root, "uname"), `#!/bin/sh\n${uname}\n`, { mode: 0o755 });
      env.PATH = `${root}:${Deno.env.get("PATH")}`;
    }
    const folder = join(root, "bin");
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: [SCRIPT],
      env: { ...env, MLFORGE_DOWNLOAD: pathToFileURL(root).href, MLFORGE_INSTALL_DIR: folder },
    }).output();
    await use({ code, folder, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

// It is for these, and reads the mirror by curl.
const ignore = system === undefined ||
  !await new Deno.Command("curl", { args: ["--version"], stdout: "null" }).output().then(
    () => true,
    () => false,
  );

Deno.test({
  name: "install.sh puts the binary in its place",
  ignore,
  async fn() {
    const digest = createHash("sha256").update(PROGRAM).digest("hex");
    await install(digest, async ({ code, text, folder }) => {
      assert.equal(code, 0, text);
      assert.match(text, /^Installed 9\.9\.9 as .*\nAdd .* to your PATH\.\n$/);
      assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["mlforge"]);
      assert.equal(await Deno.readTextFile(join(folder, "mlforge")), PROGRAM);
    });
  },
});

Deno.test({
  name: "install.sh knows the shell of Windows runners, and a system without a binary",
  ignore,
  async fn() {
    const digest = createHash("sha256").update(PROGRAM).digest("hex");
    const windows = '[ "$1" = -m ] && echo x86_64 || echo MINGW64_NT-10.0-26100';
    await install(digest, ({ code, text, folder }) => {
      assert.equal(code, 0, text);
      assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["mlforge.exe"]);
      return Promise.resolve();
    }, { name: "mlforge-windows-x64.exe", uname: windows });
    await install(digest, ({ code, text }) => {
      assert.deepEqual({ code, text }, { code: 1, text: "install.sh: there is no binary for Haiku\n" });
      return Promise.resolve();
    }, { uname: "echo Haiku" });
  },
});

Deno.test({
  name: "install.sh leaves nothing of a binary with another digest",
  ignore,
  async fn() {
    await install("0".repeat(64), ({ code, text, folder }) => {
      assert.equal(code, 1);
      assert.match(
        text,
        /^install\.sh: mlforge-\S+ has the digest [0-9a-f]{64}, not 0{64}: nothing was installed\n$/,
      );
      assert.deepEqual([...Deno.readDirSync(folder)], []);
      return Promise.resolve();
    });
  },
});
