import assert from "node:assert/strict";

/** What a query gives, as a file that DuckDB writes: its bytes. */
export async function bytesOf(sql: string, options = "FORMAT parquet"): Promise<Uint8Array<ArrayBuffer>> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const file = await Deno.makeTempFile();
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run(`COPY (${sql}) TO '${file}' (${options})`);
    return await Deno.readFile(file);
  } finally {
    connection.closeSync();
    instance.closeSync();
    await Deno.remove(file);
  }
}

/** Large arrays are more than `deepEqual` can take on Deno 2.4. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array, message = "the same bytes"): void {
  assert.ok(Buffer.compare(actual, expected) === 0, message);
}
