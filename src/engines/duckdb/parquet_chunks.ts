import type { DuckDBConnection } from "@duckdb/node-api";
import type { Range } from "../../fetch/ranges.ts";
import { literal } from "./types.ts";

/** Old writers count a chunk's bytes short by their dictionary's header (PARQUET-816); readers then read on. */
const SLACK = 64 << 10;

/**
 * Where the chunks of these top-level columns (any case) lie in Parquet files whose footers are there, of the row groups
 * that `reads` tells, and all bloom filters, by which readers leave row groups out. Undefined where a footer does not say.
 */
export async function chunkRanges(
  connection: DuckDBConnection,
  files: readonly string[],
  { columns, reads }: { columns: readonly string[]; reads(file: string, group: number): boolean },
): Promise<Map<string, Range[]> | undefined> {
  const metadata = `parquet_metadata([${files.map(literal).join(", ")}])`;
  const named = await connection.runAndReadAll(`SELECT DISTINCT path_in_schema FROM ${metadata}`);
  const paths = named.getRows().map(([path]) => String(path)).filter((path) => isOf(path, columns));
  const reader = await connection.runAndReadAll(
    `WITH chunks AS (
       SELECT *, least(data_page_offset, CASE WHEN dictionary_page_offset >= 4 THEN dictionary_page_offset END) AS first
       FROM ${metadata}
     ), placed AS (
       SELECT *, lead(first) OVER (PARTITION BY file_name ORDER BY first) AS next FROM chunks
     )
     SELECT file_name, row_group_id, first, first + total_compressed_size,
       greatest(first + total_compressed_size, least(next, first + total_compressed_size + ${SLACK})),
       bloom_filter_offset, bloom_filter_offset + bloom_filter_length
     FROM placed WHERE path_in_schema IN (${["", ...paths].map(literal).join(", ")})`,
  );
  const ranges = new Map<string, Range[]>(files.map((file) => [file, []]));
  for (const [file, group, first, end, padded, filter, filterEnd] of reader.getRows()) {
    const own = ranges.get(String(file));
    if (own === undefined || first === null || end === null) return undefined;
    if (reads(String(file), Number(group))) own.push([Number(first), Number(padded)]);
    if (filter === null) continue;
    if (filterEnd === null) return undefined;
    own.push([Number(filter), Number(filterEnd)]);
  }
  return ranges;
}

/** Whether a leaf of the schema, `column, list, element`, is of one of the columns; a name may hold a comma itself. */
function isOf(path: string, columns: readonly string[]): boolean {
  const leaf = path.toLowerCase();
  return columns.some((column) => {
    const name = column.toLowerCase();
    return leaf === name || leaf.startsWith(`${name}, `);
  });
}
