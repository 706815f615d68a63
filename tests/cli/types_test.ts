import assert from "node:assert/strict";
import { join } from "node:path";
import ts from "typescript";
import { mlforgeTypes } from "../../scripts/types.ts";
import { MLFORGE_TYPES } from "../../src/cli/init/mlforge_types.ts";
import { runCli, withFolder } from "./run_cli.ts";

/** What TypeScript says of a project as an editor opens it, with nothing but what lies in its folder. */
function checked(folder: string): string[] {
  const { config } = ts.readConfigFile(join(folder, "tsconfig.json"), ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
  const program = ts.createProgram(fileNames, { ...options, types: [] });
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) =>
    ts.flattenDiagnosticMessageText(messageText, "\n")
  );
}

Deno.test("init --template ts leaves the types: a project is free of errors, and a wrong word is one", async () => {
  await withFolder(async (folder) => {
    const { code, out, err } = await runCli(["init", "--template", "ts"], { cwd: folder });
    assert.equal(code, 0, err);
    assert.match(out, /definitions\.ts, .*mlforge\.d\.ts, tsconfig\.json/);
    assert.deepEqual(checked(folder), []);
    const file = join(folder, "definitions.ts");
    const text = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, text.replace('"sum"', '"summ"'));
    assert.match(checked(folder).join("\n"), /"summ"' is not assignable to type/);
    await Deno.writeTextFile(file, text.replace("{ Definitions,", "{ Definitons,"));
    assert.match(checked(folder).join("\n"), /no exported member named 'Definitons'/);
  });
});

Deno.test("schema types prints them again", async () => {
  assert.equal((await runCli(["schema", "types"])).out, MLFORGE_TYPES);
});

Deno.test("the types that are left are those of authoring.ts", () => {
  assert.equal(MLFORGE_TYPES, mlforgeTypes(), "run: deno task types");
});
