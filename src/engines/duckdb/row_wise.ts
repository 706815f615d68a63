import type { DuckDBConnection } from "@duckdb/node-api";
import { type PlanNode, planOf } from "./query_plan.ts";

/** Operators whose output, as a set of rows, is the same for any number of threads. */
const ROW_WISE =
  /^(PROJECTION|FILTER|READ_PARQUET|READ_CSV|READ_CSV_AUTO|READ_JSON|READ_JSON_AUTO|SEQ_SCAN|TABLE_SCAN|COLUMN_DATA_SCAN|DUMMY_SCAN|HASH_JOIN|NESTED_LOOP_JOIN|BLOCKWISE_NL_JOIN|CROSS_PRODUCT|PIECEWISE_MERGE_JOIN|IE_JOIN|UNION|UNNEST|ORDER_BY)\s*$/;

/**
 * Whether the SQL only maps, filters and joins rows. Then it may run on all threads; an aggregate or a window (a sum of
 * doubles, say) depends on the order in which threads finish, and runs on one.
 */
export async function isRowWise(connection: DuckDBConnection, sql: string): Promise<boolean> {
  const all = (nodes: PlanNode[]): boolean =>
    nodes.every((node) => ROW_WISE.test(node.name.trim()) && all(node.children));
  return all(await planOf(connection, sql));
}
