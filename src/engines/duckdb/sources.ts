import type { DuckDBConnection } from "@duckdb/node-api";
import { MlforgeError } from "../../error.ts";
import type { SourceTask } from "../task.ts";
import { textDates } from "./text_dates.ts";
import { literal, quote } from "./types.ts";

/** The SELECT that reads a source: all its files, by name where their columns differ. */
export async function readSource(connection: DuckDBConnection, source: SourceTask): Promise<string> {
  const options = [`[${source.files.map(literal).join(", ")}]`];
  if (source.files.length > 1) options.push("union_by_name = true");
  options.push(`hive_partitioning = ${source.hiveRoot !== undefined}`);
  switch (source.format) {
    case "parquet":
      return `SELECT ${source.columns?.map(quote).join(", ") ?? "*"} FROM read_parquet(${
        options.join(", ")
      })`;
    case "csv": {
      const shape: string[] = [];
      if (source.delimiter !== undefined) shape.push(`delim = ${literal(source.delimiter)}`);
      if (source.header !== undefined) shape.push(`header = ${source.header}`);
      const types = { ...source.types, ...await undeclaredDates(connection, source, shape) };
      if (Object.keys(types).length > 0) shape.push(`types = ${typeMap(types)}`);
      return `SELECT * FROM read_csv(${[...options, ...shape].join(", ")})`;
    }
    case "json":
      return `SELECT *${replaced(source.types)} FROM read_json(${options.join(", ")})`;
  }
}

/** Columns that stay text; one that is declared as a time can't be read without a guess. */
async function undeclaredDates(
  connection: DuckDBConnection,
  source: SourceTask,
  shape: readonly string[],
): Promise<Record<string, string>> {
  const declared = new Map(
    Object.entries(source.types ?? {}).map(([name, type]) => [name.toLowerCase(), type]),
  );
  const dates = await textDates(connection, source.files, shape);
  for (const { name, format } of dates) {
    const type = declared.get(name.toLowerCase());
    if (type === undefined || !/^\s*(DATE|TIMESTAMP)/i.test(type)) continue;
    throw new MlforgeError(
      "usage",
      `Column "${name}" of source "${source.name}" is declared ${type}, but does not start with the year: ` +
        `it looks like ${format}, which is a guess`,
      {
        place: source.place,
        hint: `Declare it VARCHAR, and give the timestamp's format, or write strptime(${quote(name)}, ${
          literal(format)
        }) in SQL.`,
      },
    );
  }
  return Object.fromEntries(
    dates.filter(({ name }) => !declared.has(name.toLowerCase())).map(({ name }) => [name, "VARCHAR"]),
  );
}

function typeMap(types: Record<string, string>): string {
  return `{${
    Object.entries(types).map(([column, type]) => `${literal(column)}: ${literal(type)}`).join(", ")
  }}`;
}

function replaced(types: Record<string, string> | undefined): string {
  const casts = Object.entries(types ?? {}).map(([column, type]) =>
    `CAST(${quote(column)} AS ${typeName(type)}) AS ${quote(column)}`
  );
  return casts.length === 0 ? "" : ` REPLACE (${casts.join(", ")})`;
}

/** The name of a type and nothing more: it stands in SQL as it is. */
function typeName(type: string): string {
  if (/^[A-Za-z][A-Za-z0-9_ ]*(\(\d+(, ?\d+)?\))?(\[\d*\])*$/.test(type)) return type;
  throw new MlforgeError("usage", `There is no type "${type}"`, {
    hint: "Write a type of DuckDB: BIGINT, DECIMAL(18, 2).",
  });
}
