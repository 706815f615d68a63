import type { DuckDBConnection } from "@duckdb/node-api";
import { kindOf } from "../engines/duckdb/rolling/input.ts";
import { literal } from "../engines/duckdb/types.ts";
import { MlforgeError } from "../error.ts";
import { suggestName } from "../nearest.ts";
import type { Opened, Value } from "./open_feature.ts";

/** What stands instead of NULL where a label has no row of a feature: values as text, read as the column's type. */
export interface Fill {
  /** For every column of numbers that `columns` does not name. */
  numbers?: string;
  /** By output column. */
  columns: Readonly<Record<string, string>>;
}

const NUMBERS: readonly string[] = ["float", "integer", "decimal"];

/** SQL for each filled output column. Throws where there is no such column, or a value is not of its type. */
export async function fillExpressions(
  connection: DuckDBConnection,
  opened: readonly Opened[],
  fill: Fill,
): Promise<Map<string, string>> {
  const all = opened.flatMap(({ values }) => values);
  const unknown = Object.keys(fill.columns).find((name) => !all.some(({ output }) => output === name));
  if (unknown !== undefined) {
    throw new MlforgeError("usage", `Can't fill column "${unknown}": no feature here gives it`, {
      hint: suggestName(unknown, all.map(({ output }) => output)),
    });
  }
  const expressions = new Map<string, string>();
  for (const value of all) {
    const text = fill.columns[value.output] ??
      (NUMBERS.includes(kindOf(value.type)) ? fill.numbers : undefined);
    if (text !== undefined) expressions.set(value.output, await constant(connection, value, text));
  }
  return expressions;
}

async function constant(
  connection: DuckDBConnection,
  { output, type }: Value,
  text: string,
): Promise<string> {
  // A cast rounds 1.5 to 2, which is another value.
  const exact = kindOf(type) === "integer"
    ? `TRY_CAST(${literal(text)} AS ${type}) = TRY_CAST(${literal(text)} AS DOUBLE)`
    : `TRY_CAST(${literal(text)} AS ${type}) IS NOT NULL`;
  const reader = await connection.runAndReadAll(`SELECT coalesce(${exact}, false)`);
  if (reader.getRows()[0]?.[0] === true) return `CAST(${literal(text)} AS ${type})`;
  throw new MlforgeError("usage", `Can't fill column "${output}" of type ${type} with "${text}"`, {
    hint: "Give each column a value of its type: --fill column=value.",
  });
}
