import assert from "node:assert/strict";
import { loadedModules } from "./loaded_modules.ts";

const packages = (urls: readonly string[]) =>
  new Set(urls.flatMap((url) => /\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+)\/\d/.exec(url)?.[1] ?? []));

const HEAVY = ["@duckdb/node-api", "apache-arrow", "log-update", "parquet-wasm", "semver", "sucrase"];

Deno.test("--help loads the table of commands and neither a command nor a package", async () => {
  const urls = await loadedModules(["--help"]);
  assert.ok(urls.some((url) => url.endsWith("/src/cli/routes.ts")));
  assert.deepEqual([...packages(urls)], []);
  assert.deepEqual(urls.filter((url) => url.includes("/src/cli/commands/")), []);
});

Deno.test("a command's help loads that command, and no engine", async () => {
  const urls = await loadedModules(["build", "--help"]);
  const commands = urls.flatMap((url) => /\/src\/cli\/commands\/(.*)$/.exec(url)?.[1] ?? []);
  assert.deepEqual(commands.sort(), ["build.ts", "list.ts"]);
  for (const name of HEAVY) assert.ok(!packages(urls).has(name), name);
});
