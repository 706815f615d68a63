import assert from "node:assert/strict";
import { COMMANDS } from "../../src/cli/routes.ts";
import { ENGINE, VERSION } from "../../src/version.ts";
import { runCli } from "./run_cli.ts";

Deno.test("--help groups the commands and shows examples", async () => {
  const { code, out, err } = await runCli(["--help"]);
  assert.equal(code, 0);
  assert.equal(err, "");
  const headings = out.split("\n").filter((line) => /^[A-Z][a-z]+$/.test(line));
  assert.deepEqual(headings, ["Build", "Read", "Versions", "Project", "Examples"]);
  for (const { name, brief } of COMMANDS) assert.match(out, new RegExp(`^  ${name} +${brief}$`, "m"));
  assert.match(out, /^ {2}mlforge build --dry-run\n {6}what would be built, and why$/m);
});

Deno.test("mlforge alone prints the help", async () => {
  const { code, out } = await runCli([]);
  assert.equal(code, 0);
  assert.equal(out, (await runCli(["-h"])).out);
});

Deno.test("every command has a help with usage and flags", async () => {
  for (const { name } of COMMANDS) {
    const { code, out } = await runCli([name, "--help"]);
    assert.equal(code, 0, name);
    assert.match(out, new RegExp(`^USAGE\n  mlforge ${name}`), name);
    assert.match(out, /^FLAGS$/m, name);
  }
});

Deno.test("--version prints the version, as JSON with --json", async () => {
  assert.equal((await runCli(["--version"])).out, `${VERSION}\n`);
  const json = JSON.parse((await runCli(["--version", "--json"])).out);
  assert.deepEqual(Object.keys(json), ["deno", "duckdb", "mlforge", "platform"]);
  assert.equal(json.mlforge, VERSION);
  assert.equal(`duckdb ${json.duckdb}`, ENGINE);
});

Deno.test("another form of a question that is answered at once has the same answer", async () => {
  assert.equal((await runCli(["-v", "--json"])).out, (await runCli(["--version", "--json"])).out);
  assert.equal((await runCli(["--help", "--quiet"])).out, (await runCli(["--help"])).out);
  assert.match((await runCli(["constructor"])).err, /^Error: There is no command "constructor"\n/);
});
