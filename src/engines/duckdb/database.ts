import type { DuckDBConnection } from "@duckdb/node-api";
import { join } from "node:path";

/** A DuckDB of `memory` bytes that reads any file, for what no definition says. */
export async function withDatabase<T>(
  { memory, folder }: { memory: number; folder: string },
  use: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: `${Math.max(64, Math.floor(memory / 1e6))}MB`,
    temp_directory: join(folder, "spill"),
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    return await use(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
