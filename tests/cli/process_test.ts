import assert from "node:assert/strict";
import { cliCommand } from "./run_cli.ts";

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
