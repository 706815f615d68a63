import assert from "node:assert/strict";
import { withProject } from "./project.ts";
import { BINARY, cliCommand } from "./run_cli.ts";

Deno.test("a closed stdout is no error, and silent", async () => {
  const child = cliCommand(["--help"]).spawn();
  // As `| head -0` does, before anything is written.
  await child.stdout.cancel();
  const [status, err] = await Promise.all([child.status, new Response(child.stderr).text()]);
  assert.equal(status.code, 0);
  assert.equal(err, "");
});

Deno.test("without a terminal there is no colour, in help nor in errors", async () => {
  for (const args of [["--help"], ["build", "--help"], ["biuld"]]) {
    const { stdout, stderr } = await cliCommand(args, { env: { TERM: "xterm-256color" } }).output();
    assert.ok(![...stdout, ...stderr].includes(0x1b), args.join(" "));
  }
});

Deno.test({
  name: "a result that can't be written for want of space is one clear error, not a bug",
  ignore: Deno.build.os !== "linux",
  async fn() {
    for (const args of [["--help"], ["schema"]]) {
      const { code, err } = await shell('"$@" >/dev/full', args);
      assert.notEqual(code, 0);
      assert.match(err, /^Error: Can't write the result: the disk is full\n/);
    }
    // Where errors can't be written either, the exit code is all that tells.
    assert.equal((await shell('"$@" 2>/dev/full', ["biuld"])).code, 2);
  },
});

Deno.test({
  name: "a closed stdout or stderr stands in nobody's way",
  ignore: Deno.build.os === "windows",
  async fn() {
    assert.deepEqual(await shell('"$@" >&-', ["--help"]), { code: 0, err: "" });
    assert.equal((await shell('"$@" 2>&-', ["--help"])).code, 0);
  },
});

Deno.test({
  name: "a working folder whose name is no text is one clear error",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { code, err } = await shell(
      `cd "$(mktemp -d)" && there=$PWD && name=$(printf 'x\\377') && mkdir "$name" && cd "$name" || exit 9
       "$@"; code=$?; cd "$there" && rmdir "$name" && cd / && rmdir "$there"; exit $code`,
      ["list", "features"],
    );
    assert.equal(code, 2);
    assert.match(err, /^Error: Can't work in this folder: its name is not valid UTF-8\n/);
  },
});

Deno.test({
  name: "an argument that is no text is refused, and nothing is done",
  // Deno 2.4 itself refuses it, in its own words; in a binary its runtime does, by a panic (docs/install.md).
  ignore: Deno.build.os !== "linux",
  async fn() {
    await withProject(async (cwd) => {
      const { code, err } = await shell(
        `cd "$0" && "$@" "$(printf 'x\\377')"`,
        ["build", "--features"],
        cwd,
      );
      if (BINARY === undefined && !Deno.version.deno.startsWith("2.4.")) {
        assert.equal(code, 2);
        assert.match(err, /^Error: .*"x\ufffd"/);
      } else assert.notEqual(code, 0);
      assert.ok(![...Deno.readDirSync(cwd)].some(({ name }) => name === "feature_store"));
    });
  },
});

Deno.test({
  name: "a variable that is no text is one clear error that names it",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { code, err } = await shell(`MLFORGE_PROFILE=$(printf 'x\\377') "$@"`, ["list", "features"]);
    assert.equal(code, 2);
    assert.match(err, /^Error: Can't read the variable MLFORGE_PROFILE: it is not valid UTF-8\n/);
  },
});

/** Runs a shell script whose arguments are the program under test and its own. */
async function shell(
  script: string,
  args: readonly string[],
  name = "sh",
): Promise<{ code: number; err: string }> {
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const program = BINARY === undefined ? [Deno.execPath(), "run", "-A", "--no-check", main] : [BINARY];
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", script, name, ...program, ...args],
    stdout: "null",
  }).output();
  return { code, err: new TextDecoder().decode(stderr) };
}
