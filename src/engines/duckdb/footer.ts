import type { MetaColumn } from "../../publish/meta.ts";
import { literal, metaColumns } from "./types.ts";

/** What a Parquet file says of itself: its columns, in Arrow's words, and its number of rows. Throws where it is none. */
export async function readFooter(file: string): Promise<{ columns: MetaColumn[]; rows: number }> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const described = await connection.run(`SELECT * FROM read_parquet(${literal(file)}) LIMIT 0`);
    const types = described.columnTypes();
    const columns = described.columnNames().map((name, at) => ({ name, type: String(types[at]) }));
    const counted = await connection.runAndReadAll(
      `SELECT sum(num_rows) FROM parquet_file_metadata(${literal(file)})`,
    );
    return { columns: metaColumns(columns), rows: Number(counted.getRows()[0]?.[0] ?? 0) };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
