import type { DuckDBConnection } from "@duckdb/node-api";

/** An operator of a physical plan. */
export interface PlanNode {
  name: string;
  children: PlanNode[];
  /** What DuckDB says of it, by DuckDB's own headings. */
  extra_info: Record<string, unknown>;
}

/** How DuckDB would run a query. */
export async function planOf(connection: DuckDBConnection, sql: string): Promise<PlanNode[]> {
  const reader = await connection.runAndReadAll(`EXPLAIN (FORMAT json) ${sql}`);
  return JSON.parse(String(reader.getRows()[0]?.[1])) as PlanNode[];
}
