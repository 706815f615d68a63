import { yamlSchema } from "./schema.ts";

/** The JSON Schema of definitions.yaml, for editors. */
export async function definitionsJsonSchema(): Promise<Record<string, unknown>> {
  const { toJsonSchema } = await import("@valibot/to-json-schema");
  // Checks across values have no words in JSON Schema; mlforge makes them when it loads.
  const schema = toJsonSchema(yamlSchema, { errorMode: "ignore" });
  return { ...schema, title: "mlforge definitions" };
}
