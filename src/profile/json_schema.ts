import { fileSchema } from "./schema.ts";

/** The JSON Schema of mlforge.yaml, for editors: names, types and descriptions. Values with variables are not checked. */
export async function profileJsonSchema(): Promise<object> {
  const { toJsonSchema } = await import("@valibot/to-json-schema");
  // What only code can check is left out.
  return { ...toJsonSchema(fileSchema, { errorMode: "ignore" }), title: "mlforge.yaml" };
}
