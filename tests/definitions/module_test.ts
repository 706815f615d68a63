import assert from "node:assert/strict";
import { join } from "node:path";
import { readdir } from "node:fs/promises";
import { loadProject } from "../../src/definitions/load.ts";
import { MlforgeError } from "../../src/error.ts";
import { complaints, load, withFiles } from "./files.ts";

const env = () => undefined;
const module = (code: string, options = "keys: ['a']") =>
  `import { Definitions, feature, source } from "mlforge";
${code}
const rows = source({ name: "rows", path: "rows.parquet" });
export default new Definitions({ name: "demo", features: [feature({ name: "one", source: rows, ${options} })] });
`;

Deno.test("imports of .ts, .js, .mjs and .json are followed, and of files that import each other", async () => {
  const project = await load({
    "definitions.ts": module(
      `import { a } from "./lib/a.ts";
import { b } from "./lib/b.js";
import c from "./lib/c.mjs";
import data from "./lib/data.json" with {
  type: "json",
};
export * from "./lib/a.ts";
export const own: string = "own";
import * as path from "node:path";`,
      "keys: [a(), b, c, data.key, path.basename('x/y')]",
    ),
    "lib/a.ts":
      `import { own } from "../definitions.ts";\nexport function a(): string { return "a" + typeof later; }
import { later } from "./cycle.ts";`,
    "lib/cycle.ts": `import { a } from "./a.ts";\nexport const later = () => a();`,
    "lib/b.js": `export { b } from "./c.mjs";`,
    "lib/c.mjs": `export const b = "b";\nexport default "c";`,
    "lib/data.json": `{ "key": "json" }`,
  });
  assert.deepEqual(project.features[0]?.keys, ["afunction", "b", "c", "json", "y"]);
});

Deno.test("a definitions.js loads too", async () => {
  assert.equal((await load({ "definitions.js": module("") })).name, "demo");
});

Deno.test("import.meta names the user's own file", async () => {
  const code = `import { readFileSync } from "node:fs";
const sql: string = readFileSync(new URL("./one.sql", import.meta.url), "utf8");`;
  const project = await load({
    "definitions.ts": module(code, "keys: [import.meta.dirname === undefined ? 'x' : 'a'], sql"),
    "one.sql": "select 1 as a",
  });
  const [one] = project.features;
  assert.deepEqual([one?.keys, one?.transform.kind === "sql" && one.transform.sql], [["a"], "select 1 as a"]);
});

Deno.test("a change on disk is seen by the next load of the same process", async () => {
  await withFiles({ "definitions.ts": module(""), "x.txt": "" }, async (folder) => {
    const file = join(folder, "definitions.ts");
    const before = await loadProject(file, { env });
    await Deno.writeTextFile(file, module("", "keys: ['b']"));
    const after = await loadProject(file, { env });
    assert.deepEqual([before.features[0]?.keys, after.features[0]?.keys], [["a"], ["b"]]);
  });
});

Deno.test("loading leaves nothing behind, neither beside the files nor in the temporary folder", async () => {
  await withFiles({ "definitions.ts": module("") }, async (folder) => {
    const temporary = await Deno.makeTempDir({ prefix: "mlforge-here-" });
    const usual = Deno.env.get("TMPDIR");
    Deno.env.set("TMPDIR", temporary);
    try {
      await loadProject(join(folder, "definitions.ts"), { env });
      await assert.rejects(loadProject(join(folder, "none.ts"), { env }));
      assert.deepEqual(await readdir(temporary), []);
      assert.deepEqual(await readdir(folder), ["definitions.ts"]);
    } finally {
      if (usual === undefined) Deno.env.delete("TMPDIR");
      else Deno.env.set("TMPDIR", usual);
      await Deno.remove(temporary, { recursive: true });
    }
  });
});

Deno.test("an error of a feature's function names the user's file, line and column", async () => {
  const project = await load({
    "definitions.ts": module(
      `import { fail } from "./fail.ts";`,
      "keys: ['a'], transform: ({ rows }: { rows: object }) => fail<string>(rows)",
    ),
    "fail.ts": `\nexport function fail<T>(rows: object): never { throw new TypeError("no rows"); }\n`,
  });
  const transform = project.features[0]?.transform;
  assert.ok(transform?.kind === "function");
  const error = await Promise.resolve(transform.run({}, { arrow: {} as typeof import("apache-arrow") }))
    .catch((e) => e);
  assert.ok(error instanceof MlforgeError);
  assert.equal(error.message, `Function of feature "one" threw TypeError: no rows`);
  assert.match(error.place?.file ?? "", /[/\\]fail\.ts$/);
  assert.deepEqual([error.place?.line, error.place?.column], [2, 54]);
  assert.match(error.cause instanceof Error ? error.cause.stack ?? "" : "", /definitions\.ts:4:\d+/);
  assert.doesNotMatch(error.cause instanceof Error ? error.cause.stack ?? "" : "", /\.mjs/);
});

Deno.test("a function imports files while it runs, several at once, each of them run once", async () => {
  const code = module(
    "",
    `keys: ['a'], transform: async () => {
  const all = await Promise.all([import("./late.ts"), import("./late.ts"), import("./data.json"), import("node:path")]);
  throw new Error(JSON.stringify([all[0] === all[1], all[0].n, all[2].default.x, typeof all[3].join]));
}`,
  );
  const files = { "definitions.ts": code, "late.ts": "export const n: number = 5;", "data.json": `{"x": 1}` };
  await withFiles(files, async (folder) => {
    const project = await loadProject(join(folder, "definitions.ts"), { env });
    const transform = project.features[0]?.transform;
    assert.ok(transform?.kind === "function");
    const run = async () => await transform.run({}, { arrow: {} as typeof import("apache-arrow") });
    await assert.rejects(run, { message: `Function of feature "one" threw Error: [true,5,1,"function"]` });
  });
});

Deno.test("definitions load inside a Web Worker", async () => {
  await withFiles(
    { "definitions.ts": module("", "keys: ['a'], transform: (t: object) => t") },
    async (folder) => {
      const worker = new Worker(new URL("./load_in_worker.ts", import.meta.url), { type: "module" });
      const answer = new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data));
      worker.postMessage(join(folder, "definitions.ts"));
      const here = await loadProject(join(folder, "definitions.ts"), { env });
      const transform = here.features[0]?.transform;
      assert.deepEqual(await answer, ["one", transform?.kind === "function" && transform.text]);
      worker.terminate();
    },
  );
});

const broken: [string, Record<string, string>, string[]][] = [
  ["a syntax error", { "definitions.ts": "const a: number = ;\n" }, [
    "1:19 Can't read the module: unexpected token | Correct the syntax there, or just before it.",
  ]],
  ["a syntax error that types hide", {
    "definitions.ts": "const a: number = 1;\nconst b: string = '', a = 2;\n",
  }, [
    "2:23 Can't read the module: identifier 'a' has already been declared | Correct the syntax there, or just before it.",
  ]],
  ["no default export", { "definitions.ts": "export const a = 1;\n" }, [
    "1:1 The module has no default export | End it with: export default new Definitions({ name, features: [...] })",
  ]],
  ["a wrong default export", { "definitions.ts": "export default { name: 'demo', features: [] };\n" }, [
    "1:1 The module's default export is no Definitions | End it with: export default new Definitions({ name, features: [...] })",
  ]],
  ["what the module throws", {
    "definitions.ts": `const a: number = 1;\nif (a as number) throw new RangeError("too much");\n`,
  }, [
    "2:24 The definitions threw RangeError: too much",
  ]],
  ["what an imported module throws", {
    "definitions.ts": `import "./lib.ts";\n`,
    "lib.ts": `type A = 1;\n(null as unknown as { x: 1 }).x;\n`,
  }, ["lib.ts:2:31 The definitions threw TypeError: Cannot read properties of null (reading 'x')"]],
  ["something else thrown than an error", { "definitions.ts": `throw "so";\n` }, [
    "1:1 The definitions threw so",
  ]],
  ["imports that can't be, all at once", {
    "definitions.ts": `import lodash from "lodash";
import x from "npm:x@1";
import y from "https://example.com/y.ts";
import { helper } from "./helpers.ts";
import { feture } from "mlforge";
import z from "./helper";
import w from "./notes.md";
lodash, x, y, helper, feture, z, w;
`,
    "helper.ts": "",
    "notes.md": "",
  }, [
    `1:20 Can't import "lodash" in definitions | Import relative files ("./..."), "node:..." or "mlforge"; the mlforge binary has no packages to look in.`,
    `2:15 Can't import "npm:x@1" in definitions | Import relative files ("./..."), "node:..." or "mlforge"; the mlforge binary has no packages to look in.`,
    `3:15 Can't import "https://example.com/y.ts" in definitions | Import relative files ("./..."), "node:..." or "mlforge"; the mlforge binary has no packages to look in.`,
    `4:24 Can't import "./helpers.ts": there is no such file | Did you mean "helper.ts"?`,
    `6:15 Can't import "./helper": it has no extension | Write "./helper.ts".`,
    `7:15 Can't import "./notes.md" in definitions | Definitions import .ts, .js, .mjs, .json.`,
    `5:10 Can't import "feture": mlforge has nothing of that name for definitions | Did you mean "feature"?`,
  ]],
  ["a name that the other file does not export", {
    "definitions.ts": `import { helper } from "./lib.ts";\nhelper();\n`,
    "lib.ts": "export const helpers = 1;\n",
  }, [`1:10 "./lib.ts" does not export "helper" | Did you mean "helpers"?`]],
  ["JSON that is none", {
    "definitions.ts": `import data from "./data.json" with { type: "json" };\ndata;\n`,
    "data.json": "{,}",
  }, ["data.json:1:2 Can't read the file as JSON | Correct it, or take its import away."]],
];
for (const [what, files, expected] of broken) {
  Deno.test(`loading reports ${what}`, async () => assert.deepEqual(await complaints(files), expected));
}
