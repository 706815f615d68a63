import assert from "node:assert/strict";
import { join } from "node:path";
import { withProject } from "./project.ts";
import { runCli } from "./run_cli.ts";

// Definitions in TypeScript on disk, by the program under test: the binary has no transpiler, resolver or packages of its own.

/** A feature by a function that stands in a module which is imported while a worker runs it, and a setting in JSON. */
const FILES = {
  "definitions.ts": `import { Definitions, feature, source } from "mlforge";
import settings from "./settings.json" with { type: "json" };
interface Settings {
  factor: number;
}
const { factor }: Settings = settings;
const scaled = feature({
  name: "scaled",
  source: source({ name: "orders", path: "orders.csv" }),
  keys: ["user_id"],
  transform: async (tables, { arrow }) => {
    const { scale } = await import("./scale.ts");
    return scale(tables, arrow, factor);
  },
});
export default new Definitions({ name: "shop", features: [scaled] });
`,
  "scale.ts": `export function scale(tables: any, arrow: any, factor: number) {
  if (factor > 9) throw new RangeError("the factor is too large");
  const ids = new Set<number>(Array.from(tables.orders.getChild("user_id"), Number));
  return arrow.tableFromArrays({ user_id: Int32Array.from(ids, (id) => id * factor) });
}
`,
  "settings.json": '{ "factor": 3 }\n',
};

async function withTypeScript(
  use: (folder: string) => Promise<void>,
  files: Record<string, string> = {},
): Promise<void> {
  await withProject(async (cwd) => {
    await Deno.remove(join(cwd, "definitions.yaml"));
    await use(cwd);
  }, { ...FILES, ...files });
}

Deno.test("a function's imports while it runs, and imports of JSON, work in workers; nothing is left beside them", async () => {
  await withTypeScript(async (cwd) => {
    const names = () => [...Deno.readDirSync(cwd)].map(({ name }) => name).sort();
    const before = names();
    const built = await runCli(["build", "--json"], { cwd });
    assert.equal(built.code, 0, built.err);
    assert.deepEqual(names(), [...before, "feature_store"].sort());
    const { rows } = JSON.parse((await runCli(["show", "scaled", "--json"], { cwd })).out);
    assert.deepEqual(rows, [{ user_id: 3 }, { user_id: 6 }]);
  });
});

Deno.test("what a function throws in a worker names the user's file, line and column", async () => {
  await withTypeScript(async (cwd) => {
    const { code, err } = await runCli(["build"], { cwd });
    assert.equal(code, 1);
    assert.match(
      err,
      /^Error: Function of feature "scaled" threw RangeError: the factor is too large\n {2}scale\.ts:2:25\n {2}2 \|/m,
    );
  }, { "settings.json": '{ "factor": 10 }\n' });
});

Deno.test("what definitions throw names the user's files in every line of its trace", async () => {
  const definitions = 'import { refuse } from "./refuse.ts";\n\nrefuse("x" as string);\nexport default {};\n';
  const refuse = 'export function refuse(what: string): never {\n  throw new Error("no " + what);\n}\n';
  await withTypeScript(async (cwd) => {
    const { code, err } = await runCli(["validate", "--verbose"], { cwd });
    assert.equal(code, 2);
    assert.match(err, /^Error: The definitions threw Error: no x\n {2}refuse\.ts:2:9\n/);
    const trace = err.slice(err.indexOf("Caused by:")).trimEnd().split("\n").slice(1);
    assert.deepEqual(trace.map((line) => line.trim()), [
      `at refuse (${join(cwd, "refuse.ts")}:2:9)`,
      `at ${join(cwd, "definitions.ts")}:3:1`,
    ]);
  }, { "definitions.ts": definitions, "refuse.ts": refuse });
});

Deno.test("an import of a package says what can be imported instead", async () => {
  const text = FILES["definitions.ts"].replace("interface", 'import _ from "lodash";\n_.noop();\ninterface');
  await withTypeScript(async (cwd) => {
    const { code, err } = await runCli(["validate"], { cwd });
    assert.equal(code, 2);
    assert.match(err, /^Error: Can't import "lodash" in definitions\n {2}definitions\.ts:3:15\n/);
    assert.match(
      err,
      /Import relative files \("\.\/\.\.\."\), "node:\.\.\." or "mlforge"; the mlforge binary has no /,
    );
  }, { "definitions.ts": text });
});
