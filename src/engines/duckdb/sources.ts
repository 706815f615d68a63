import type { SourceTask } from "../task.ts";
import { literal, quote } from "./types.ts";

/** The SELECT that reads a source: all its files, by name where their columns differ. */
export function readSource(source: SourceTask): string {
  const options = [`[${source.files.map(literal).join(", ")}]`];
  if (source.files.length > 1) options.push("union_by_name = true");
  options.push(`hive_partitioning = ${source.hiveRoot !== undefined}`);
  switch (source.format) {
    case "parquet":
      return `SELECT * FROM read_parquet(${options.join(", ")})`;
    case "csv":
      if (source.delimiter !== undefined) options.push(`delim = ${literal(source.delimiter)}`);
      if (source.header !== undefined) options.push(`header = ${source.header}`);
      if (source.types !== undefined) options.push(`types = ${typeMap(source.types)}`);
      return `SELECT * FROM read_csv(${options.join(", ")})`;
    case "json":
      return `SELECT *${replaced(source.types)} FROM read_json(${options.join(", ")})`;
  }
}

function typeMap(types: Record<string, string>): string {
  return `{${
    Object.entries(types).map(([column, type]) => `${literal(column)}: ${literal(type)}`).join(", ")
  }}`;
}

function replaced(types: Record<string, string> | undefined): string {
  const casts = Object.entries(types ?? {}).map(([column, type]) =>
    `CAST(${quote(column)} AS ${type}) AS ${quote(column)}`
  );
  return casts.length === 0 ? "" : ` REPLACE (${casts.join(", ")})`;
}
