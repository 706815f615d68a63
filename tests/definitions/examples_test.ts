import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { loadProject } from "../../src/definitions/load.ts";
import { withFiles } from "./files.ts";

const root = new URL("../../", import.meta.url);
const env = () => undefined;
const example = (name: string) => loadProject(fileURLToPath(new URL(`examples/${name}`, root)), { env });

Deno.test("the examples load, and the one in YAML says the same of a feature as the one in TypeScript", async () => {
  const [yaml, module] = await Promise.all([example("delays.yaml"), example("flights/definitions.ts")]);
  const metrics = ({ features }: typeof yaml) =>
    features.find(({ name }) => name === "airport_delay")?.metrics;
  assert.deepEqual(metrics(yaml), metrics(module));
  assert.equal(metrics(yaml)?.length, 9);
});

Deno.test("each code block of docs/definitions.md that is a whole file loads, and both are the same project", async () => {
  const text = await Deno.readTextFile(new URL("docs/definitions.md", root));
  const block = (language: string) => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(text)?.[1] ?? "";
  const files = { "definitions.yaml": block("yaml"), "definitions.ts": block("ts") };
  await withFiles(files, async (folder) => {
    const [yaml, module] = await Promise.all(
      Object.keys(files).map((name) => loadProject(`${folder}/${name}`, { env })),
    );
    assert.deepEqual(
      yaml?.features.map(({ name, keys, metrics }) => [name, keys, metrics]),
      module?.features.map(({ name, keys, metrics }) => [name, keys, metrics]),
    );
  });
});

// Deno 2.4 wants to change the lock file before it looks at a graph or checks types: the version to develop on does.
const ignore = Deno.version.deno.startsWith("2.4.");

/** Modules that a program has loaded, from Deno's own graph. */
async function importsOf(file: string): Promise<string[]> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", fileURLToPath(new URL(file, root))],
    stdout: "piped",
    stderr: "piped",
  });
  const { stdout } = await command.output();
  const graph = JSON.parse(new TextDecoder().decode(stdout)) as {
    roots: string[];
    modules: {
      specifier: string;
      dependencies?: { specifier: string; code?: { specifier: string }; isDynamic?: boolean }[];
    }[];
  };
  const byName = new Map(graph.modules.map((module) => [module.specifier, module]));
  const seen = new Set<string>();
  const open = [...graph.roots];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const { code, isDynamic } of byName.get(name)?.dependencies ?? []) {
      if (code !== undefined && !isDynamic) open.push(code.specifier);
    }
  }
  return [...seen];
}

const light = "what loads YAML, and the library's entry, import neither sucrase nor acorn nor apache-arrow";
Deno.test({ name: light, ignore }, async () => {
  for (const file of ["src/definitions/load.ts", "src/definitions/load_yaml.ts", "mod.ts"]) {
    const imports = await importsOf(file);
    assert.ok(imports.some((name) => name.endsWith(file)), file);
    const heavy = imports.filter((name) => /sucrase|acorn|apache-arrow|duckdb|semver/.test(name));
    assert.deepEqual(heavy, [], file);
  }
  assert.ok((await importsOf("src/definitions/load_yaml.ts")).some((name) => /js-yaml/.test(name)));
});

Deno.test({ name: "wrong TypeScript fails in an editor", ignore }, async () => {
  const head = `import { Definitions, entity, feature, rolling, source } from "${
    new URL("mod.ts", root).href
  }";
const flights = source({ name: "flights", path: "a.csv" });
const airport = entity({ name: "airport", joinKey: "origin" });
`;
  const right =
    `feature({ name: "one", source: flights, entities: [airport], interval: "1d", timestamp: "date",
  metrics: [rolling({ windows: ["1d"], aggregations: { delay: ["sum"] } })], transform: (tables) => tables["flights"]! })`;
  const wrong = [
    `feature({ name: "one", source: flights })`,
    `feature({ name: "one", source: flights, sources: [flights], keys: ["a"] })`,
    `feature({ name: "one", source: flights, keys: ["a"], entities: [airport] })`,
    `feature({ name: "one", source: airport, keys: ["a"] })`,
    `feature({ name: "one", source: { name: "flights", path: "a.csv" }, keys: ["a"] })`,
    `feature({ name: "one", source: flights, keys: ["a"], sql: "select 1", transform: (t) => t["flights"]! })`,
    `feature({ name: "one", source: flights, keys: ["a"], descripton: "x" })`,
    `rolling({ windows: ["1d"], aggregations: { delay: ["average"] } })`,
    `entity({ name: "airport", join_key: "origin" })`,
    `source({ name: "flights", path: "a.csv", format: "xlsx" })`,
    `new Definitions({ name: "demo", features: [airport] })`,
  ];
  const lines = wrong.map((code) => `// @ts-expect-error it is wrong\n${code};`);
  await withFiles({ "check.ts": `${head}${right};\n${lines.join("\n")}\n` }, async (folder) => {
    const config = fileURLToPath(new URL("deno.json", root));
    const command = new Deno.Command(Deno.execPath(), {
      args: ["check", "--config", config, `${folder}/check.ts`],
      stdout: "null",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    });
    const { success, stderr } = await command.output();
    assert.ok(success, new TextDecoder().decode(stderr));
  });
});
