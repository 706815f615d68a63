import assert from "node:assert/strict";
import { runCli } from "./run_cli.ts";

/** Arguments, and all that stands on stderr. */
const CASES: readonly [string, string, string][] = [
  [
    "an unknown command",
    "frobnicate",
    'There is no command "frobnicate"\n  mlforge --help shows the commands there are.',
  ],
  ["a misspelt command", "biuld", 'There is no command "biuld"\n  Did you mean "build"?'],
  ["a misspelt sub-command", "list featurs", 'There is no command "featurs"\n  Did you mean "features"?'],
  ["a misspelt flag", "build --dry-rum", 'There is no flag "--dry-rum"\n  Did you mean "--dry-run"?'],
  [
    "an unknown flag",
    "build --frobnicate",
    'There is no flag "--frobnicate"\n  --help shows the flags there are.',
  ],
  ["an unknown short flag", "build -z", 'There is no flag "-z"\n  --help shows the flags there are.'],
  [
    "a flag before the command",
    "--profile dev build",
    'There is no flag "--profile" here\n  Flags stand after the command, as in mlforge build --profile dev.',
  ],
  ["a missing value", "build --workers", "--workers needs a value"],
  [
    "a value of another kind",
    "build --workers many",
    'Can\'t use "many" as --workers: "many" is not a whole number above zero',
  ],
  [
    "a size without sense",
    "build --memory 2GBit",
    'Can\'t use "2GBit" as --memory: "2GBit" is not a size\n  Write it as 500MB, 2GB or 4GiB.',
  ],
  [
    "a version that is none",
    "build --version 1.0",
    'Can\'t use "1.0" as --version: "1.0" is not a version\n  Write it as 1.2.0.',
  ],
  ["a choice that is none", "init --template xml", 'Can\'t use "xml" as --template\n  There are: yaml, ts.'],
  ["a flag given twice", "build --workers 1 --workers 2", "--workers is given more than once"],
  ["a missing argument", "show", "FEATURE is missing\n  --help shows how the command is used."],
  ["an argument too many", "path a b", 'Unexpected argument "b"\n  --help shows the arguments there are.'],
  [
    "two modes of build",
    "build --check --preview",
    "--dry-run, --check and --preview can't go together\n  Choose one of them.",
  ],
];

for (const [what, args, message] of CASES) {
  Deno.test(`${what} is one clear error, exit code 2: mlforge ${args}`, async () => {
    const result = await runCli(args.split(" "));
    assert.deepEqual(result, { code: 2, out: "", err: `Error: ${message}\n` });
  });
}

Deno.test("with --json an error is one line of JSON on stderr", async () => {
  const { code, out, err } = await runCli(["build", "--dry-rum", "--json"]);
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.deepEqual(JSON.parse(err), {
    error: { code: "usage", message: 'There is no flag "--dry-rum"', hint: 'Did you mean "--dry-run"?' },
  });
  assert.equal(err.split("\n").length, 2);
});
