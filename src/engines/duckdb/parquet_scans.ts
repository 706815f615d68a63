import type { DuckDBConnection } from "@duckdb/node-api";
import { type PlanNode, planOf } from "./query_plan.ts";
import { type Column, literal, quote } from "./types.ts";

/** What one scan of Parquet files in a query's plan asks of the rows, in DuckDB's words; more may be asked of them. */
export interface Scan {
  /** All of them hold for the rows that the scan gives: `id<1000`, `at>='2025-06-01 00:00:00'::TIMESTAMP AND at<...`. */
  filters: string[];
  /** Of partitions, one after the other: `(y = 2025)(m < 3)`. */
  fileFilter?: string;
}

/** The scans of Parquet files that a query makes; undefined where its plan has none. */
export async function scansOf(connection: DuckDBConnection, sql: string): Promise<Scan[] | undefined> {
  const found: Scan[] = [];
  const walk = (node: PlanNode) => {
    if (node.name.trim() === "READ_PARQUET") found.push(scanOf(node));
    node.children.forEach(walk);
  };
  (await planOf(connection, sql)).forEach(walk);
  return found.length === 0 ? undefined : found;
}

function scanOf({ extra_info: said }: PlanNode): Scan {
  const filters = [said["Filters"] ?? []].flat().map(String);
  const file = said["File Filters"];
  return { filters, ...(typeof file === "string" ? { fileFilter: file } : {}) };
}

/** A comparison of a column with a constant, both as SQL. */
interface Comparison {
  column: Column;
  operator: string;
  constant: string;
}

const CONSTANT =
  /^('(?:[^']|'')*'(?:::[A-Z][A-Z0-9_ ]*(?:\(\d+,\d+\))?)?|-?\d+(?:\.\d+)?|true|false)(?: AND |$)/;

/** As many comparisons as can be read from the start of a filter: to know fewer is to leave less out. */
export function comparisons(filter: string, columns: readonly Column[]): Comparison[] {
  const found: Comparison[] = [];
  for (let rest = filter; rest !== "";) {
    // Names stand without quotes: of `a` and `a=b` the longer one is tried first.
    const column = columns.toSorted((a, b) => b.name.length - a.name.length)
      .find(({ name }) => rest.startsWith(name) && /^(>=|<=|=|>|<)/.test(rest.slice(name.length)));
    if (column === undefined) break;
    const operator = /^(>=|<=|=|>|<)/.exec(rest.slice(column.name.length))![0];
    const constant = CONSTANT.exec(rest.slice(column.name.length + operator.length));
    if (constant === null) break;
    found.push({ column, operator, constant: constant[1]! });
    rest = rest.slice(column.name.length + operator.length + constant[0].length);
  }
  return found;
}

/** SQL over a row of parquet_metadata(): false where its statistics rule the row group out for the comparison. */
function mayHold({ column, operator, constant }: Comparison): string {
  const least = `TRY_CAST(stats_min_value AS ${column.type}) ${operator === "<" ? "<" : "<="} ${constant}`;
  const most = `TRY_CAST(stats_max_value AS ${column.type}) ${operator === ">" ? ">" : ">="} ${constant}`;
  const holds = operator === "=" ? `${least} AND ${most}` : operator.startsWith("<") ? least : most;
  return `path_in_schema <> ${literal(column.name)} OR coalesce(${holds}, true)`;
}

/**
 * The row groups that one of the scans can read, as `file row_group`, by the statistics in the files' footers, the same as
 * DuckDB goes by. A guess all the same: what is read beyond it has to be noticed.
 */
export async function readableGroups(
  connection: DuckDBConnection,
  files: readonly string[],
  { scans, columns }: { scans: readonly Scan[]; columns: readonly Column[] },
): Promise<Set<string>> {
  const groups = new Set<string>();
  for (const { filters, fileFilter } of scans) {
    const read = fileFilter === undefined
      ? files
      : await matching(connection, files, { fileFilter, columns });
    if (read.length === 0) continue;
    const all = filters.flatMap((filter) => comparisons(filter, columns)).map((one) => `(${mayHold(one)})`);
    const reader = await connection.runAndReadAll(
      `SELECT file_name, row_group_id FROM parquet_metadata([${read.map(literal).join(", ")}])
       GROUP BY ALL HAVING bool_and(${["true", ...all].join(" AND ")})`,
    );
    for (const [file, group] of reader.getRows()) groups.add(`${file} ${group}`);
  }
  return groups;
}

/** The files whose partitions fit; all of them where that can't be told. */
async function matching(
  connection: DuckDBConnection,
  files: readonly string[],
  { fileFilter, columns }: { fileFilter: string; columns: readonly Column[] },
): Promise<readonly string[]> {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const partitions = files.map((file) => partitionsOf(file).filter(([name]) => types.has(name)));
  const names = partitions[0]?.map(([name]) => name) ?? [];
  if (names.length === 0 || partitions.some((one) => one.map(([name]) => name).join() !== names.join())) {
    return files;
  }
  const rows = partitions.map((one, i) =>
    `(${[i, ...one.map(([name, value]) => `TRY_CAST(${literal(value)} AS ${types.get(name)})`)].join(", ")})`
  );
  try {
    const reader = await connection.runAndReadAll(
      `SELECT i FROM (VALUES ${rows.join(", ")}) t(i, ${names.map(quote).join(", ")})
       WHERE coalesce(${fileFilter.replaceAll(")(", ") AND (")}, true)`,
    );
    return reader.getRows().flatMap(([i]) => files[Number(i)] ?? []);
  } catch {
    // DuckDB shows a filter for people to read, and not every one of them is SQL.
    return files;
  }
}

function partitionsOf(file: string): [string, string][] {
  return file.split(/[/\\]/).slice(0, -1).flatMap((folder): [string, string][] => {
    const [, name, value] = /^([^=]+)=([^=]*)$/.exec(folder) ?? [];
    return name === undefined || value === undefined ? [] : [[name, decoded(value)]];
  });
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
