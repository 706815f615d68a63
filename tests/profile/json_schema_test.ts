import assert from "node:assert/strict";
import { profileJsonSchema } from "../../src/profile/json_schema.ts";

/** The part of JSON Schema that these tests walk. */
interface JsonSchema {
  properties: Record<string, JsonSchema>;
  additionalProperties: JsonSchema | false;
  required?: string[];
  oneOf: JsonSchema[];
  const?: string;
  type?: string;
  description?: string;
}

Deno.test("profileJsonSchema() knows all kinds of store, with their keys, and no others", async () => {
  const schema = await profileJsonSchema() as JsonSchema;
  assert.deepEqual(Object.keys(schema.properties), ["default_profile", "definitions", "profiles"]);
  assert.equal(schema.additionalProperties, false);
  const profile = schema.properties["profiles"]!.additionalProperties as JsonSchema;
  const stores = profile.properties["offline_store"]!.oneOf;
  const keys = stores.map(({ properties, required, additionalProperties }) => {
    assert.equal(additionalProperties, false);
    return [properties["KIND"]!.const, Object.keys(properties).slice(1), required];
  });
  assert.deepEqual(keys, [
    ["local", ["path"], ["KIND", "path"]],
    ["s3", ["bucket", "prefix", "region", "endpoint", "path_style", "insecure"], ["KIND", "bucket"]],
    ["gcs", ["bucket", "prefix", "endpoint", "insecure"], ["KIND", "bucket"]],
  ]);
  for (const { properties } of stores) {
    for (const [key, { description }] of Object.entries(properties)) {
      assert(key === "KIND" || description, key);
    }
  }
});
