import assert from "node:assert/strict";
import { load } from "./files.ts";

const head = `import { Definitions, feature, source } from "mlforge";
const flights = source({ name: "flights", path: "flights.parquet" });
`;
const tail = (transform: string) => `
export default new Definitions({ name: "demo", features: [
  feature({ name: "one", source: flights, keys: ["origin"], ${transform} }),
] });
`;

/** The identity of the function in a module with this code before its feature. */
async function identity(
  code: string,
  transform: string,
  files: Record<string, string> = {},
): Promise<string> {
  const project = await load({ "definitions.ts": head + code + tail(transform), ...files });
  const how = project.features[0]?.transform;
  assert.ok(how?.kind === "function");
  return how.text;
}

const uses = `
const limit = 15;
const other = 1;
function late(delay: number) { return delay > limit; }
function run({ flights }) { return late(flights); }
`;

Deno.test("a function's identity has its helpers and what they use, and nothing else", async () => {
  assert.equal(
    await identity(uses, "transform: run"),
    `function run({ flights }) { return late(flights); }
function late(delay) { return delay > limit; }
limit = 15`,
  );
});

const same: [string, string][] = [
  ["an unrelated constant changes", uses.replace("other = 1", "other = 2")],
  ["a type changes", uses.replace("delay: number", "delay: bigint")],
  ["line ends become CRLF", uses.replaceAll("\n", "\r\n")],
  ["a helper moves", uses.replace("const limit = 15;\n", "") + "const limit = 15;\n"],
  ["a source of the name of an argument changes", uses + `\nflights satisfies object;`],
];
for (const [what, code] of same) {
  Deno.test(`a function's identity stays where ${what}`, async () => {
    assert.equal(await identity(code, "transform: run"), await identity(uses, "transform: run"));
  });
}

const changes: [string, string][] = [
  ["a constant of a helper changes", uses.replace("limit = 15", "limit = 16")],
  ["a helper changes", uses.replace("delay >", "delay >=")],
  ["a statement sets what it uses", uses.replace("const limit", "let limit") + "limit = 20;\n"],
];
for (const [what, code] of changes) {
  Deno.test(`a function's identity changes where ${what}`, async () => {
    assert.notEqual(await identity(code, "transform: run"), await identity(uses, "transform: run"));
  });
}

Deno.test("a local name hides a top-level one, but only where it is local", async () => {
  const code = (level: number) => `
const level = ${level};
const hidden = (level) => { const twice = level * 2; return twice; };
const shown = () => { { const level = 1; level; } return level; };
const left = () => { for (const level of [1]) level; try { throw 1 } catch (level) { level } return 0; };
`;
  assert.equal(await identity(code(1), "transform: hidden"), await identity(code(2), "transform: hidden"));
  assert.equal(await identity(code(1), "transform: left"), await identity(code(2), "transform: left"));
  assert.notEqual(await identity(code(1), "transform: shown"), await identity(code(2), "transform: shown"));
});

Deno.test("names of properties are no uses", async () => {
  const code = (n: number) => `const total = ${n};`;
  const run = "transform: (t) => ({ total: t.total })";
  assert.equal(await identity(code(1), run), await identity(code(2), run));
  const shorthand = "transform: (t) => ({ total })";
  assert.notEqual(await identity(code(1), shorthand), await identity(code(2), shorthand));
});

Deno.test("an imported file is part of the identity as a whole, with what it imports", async () => {
  const code = `import { helper } from "./lib/helper.ts";\n`;
  const run = "transform: (t) => helper(t)";
  const files = (n: number) => ({
    "lib/helper.ts": `import { n } from "./deep.js";\nexport const helper = (t: number) => t + n;\n`,
    "lib/deep.js": `export const n = ${n};\n`,
  });
  assert.notEqual(await identity(code, run, files(1)), await identity(code, run, files(2)));
  assert.equal(
    await identity(code, "transform: (t) => t", files(1)),
    await identity(code, "transform: (t) => t", files(2)),
  );
});

Deno.test("a file that is imported while the function runs is part of the identity", async () => {
  const run = `transform: async (t) => (await import("./late.ts")).helper(t)`;
  const files = (n: number) => ({ "late.ts": `export const helper = () => ${n};\n` });
  assert.notEqual(await identity("", run, files(1)), await identity("", run, files(2)));
});

Deno.test("methods have an identity too", async () => {
  const code = (n: number) => `const n = ${n};\nconst other = ${n} + 1;`;
  const run = "transform(t) { return n; }";
  assert.equal(await identity(code(1), run), "transform(t) { return n; }\nn = 1");
});

Deno.test("a function made inside another one is known by all modules, as it holds values of one call", async () => {
  const code = (n: number) => `const over = (limit) => (t) => t > limit;\nconst late = over(${n});`;
  assert.notEqual(await identity(code(1), "transform: late"), await identity(code(2), "transform: late"));
});

Deno.test("a bound function is known by all modules", async () => {
  const code = (n: number) =>
    `function over(limit, t) { return t > limit; }\nconst late = over.bind(null, ${n});`;
  assert.notEqual(await identity(code(1), "transform: late"), await identity(code(2), "transform: late"));
});
