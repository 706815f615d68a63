import assert from "node:assert/strict";
import deno from "../deno.json" with { type: "json" };
import { ENGINE, VERSION } from "../src/version.ts";

Deno.test("The version is the same in deno.json and in the tool", () => {
  assert.equal(VERSION, deno.version);
});

Deno.test("Metadata names the engine that is really there", async () => {
  const { version } = await import("@duckdb/node-api");
  assert.equal(ENGINE, `duckdb ${version().replace(/^v/, "")}`);
});
