import type { DuckDBConnection } from "@duckdb/node-api";
import type { Check } from "../../../definitions/checks/model.ts";
import { MlforgeError } from "../../../error.ts";
import { checkSql } from "../check_sql.ts";
import { engineError } from "../errors.ts";
import { columnsOf } from "../types.ts";
import type { Checked } from "./probe.ts";

/** What an expression's rows are called while it is looked at. */
const ROWS = "_mlforge_checked";

/** Lower-case names of the columns that an expression reads; undefined where it takes whole rows. */
export async function columnsNamed(
  connection: DuckDBConnection,
  { place, expression }: Check & { kind: "sql" },
  feature: string,
): Promise<Set<string> | undefined> {
  const { columns } = await checkSql(connection, {
    feature,
    what: `Expression "${expression.trim()}" of a check`,
    // The line's end keeps a comment in the expression from hiding the rest.
    sql: `SELECT (${expression}\n) FROM ${ROWS}`,
    sources: [ROWS],
    place,
  });
  return columns;
}

/**
 * Looks at a check's SQL expression: one, of rows of this relation alone, true or false, with no function of clock or
 * chance. Gives the columns that it names.
 */
export async function readExpression(
  connection: DuckDBConnection,
  check: Check & { kind: "sql" },
  { feature, from, columns }: Checked,
): Promise<{ columns: string[] }> {
  const { place, expression } = check;
  const named = await columnsNamed(connection, check, feature);
  let types: string[];
  try {
    const asked = `SELECT (${expression}\n) AS holds FROM ${from} AS ${ROWS}`;
    await connection.run(`SELECT 1 FROM ${from} AS ${ROWS} WHERE (${expression}\n) IS TRUE LIMIT 0`);
    types = columnsOf(await connection.run(`${asked} LIMIT 0`)).map(({ type }) => type);
  } catch (cause) {
    throw engineError(cause, `read the check "${expression.trim()}" of feature "${feature}"`, place);
  }
  if (types[0] !== "BOOLEAN") {
    throw new MlforgeError(
      "usage",
      `Check sql of feature "${feature}" is ${
        types[0] ?? "nothing"
      }, not true or false: ${expression.trim()}`,
      { place, hint: "Write a condition that holds for each row: `amount >= 0`." },
    );
  }
  return {
    // Where it takes whole rows, all of them.
    columns: columns.map(({ name }) => name).filter((name) => named?.has(name.toLowerCase()) ?? true),
  };
}
