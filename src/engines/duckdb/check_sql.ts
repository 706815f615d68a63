import type { DuckDBConnection } from "@duckdb/node-api";
import { MlforgeError, type Place } from "../../error.ts";
import { suggestName } from "../../nearest.ts";

/** What a definition's SQL refers to, found in its syntax tree. */
export interface SqlFacts {
  /** Lower-case parts of all column names; undefined where all columns of a table matter, as with `*`. */
  columns: Set<string> | undefined;
  /** Declared sources that the SQL reads. */
  sources: Set<string>;
}

/** Table functions that read nothing. */
const HARMLESS_TABLES = new Set(["range", "generate_series", "unnest", "generate_subscripts"]);

/** Words that SQL reads as functions of the clock although they look like columns, and functions that hide one. */
const CLOCK_WORDS = new Set([
  "current_date",
  "current_time",
  "current_timestamp",
  "localtime",
  "localtimestamp",
]);

/** Functions that tell of the engine or the session instead of the data. */
const ENVIRONMENT =
  /^(current_setting|getenv|getvariable|version|pg_.*|has_.*_privilege|current_.*|query|query_table)$/;

type Node = { [key: string]: unknown };

/**
 * Checks one definition's SQL before it runs: one SELECT that reads declared sources and nothing else, and no function
 * of clock, chance or environment, since a rebuild must give the same bytes. What DuckDB itself calls volatile
 * (`duckdb_functions().stability`) is refused by that word.
 */
export async function checkSql(
  connection: DuckDBConnection,
  request: {
    feature: string;
    /** What the SQL is, in messages: by default the feature's own. */
    what?: string;
    sql: string;
    sources: readonly string[];
    place: Place;
  },
): Promise<SqlFacts> {
  const { feature, what = "SQL", sql, sources, place } = request;
  const refuse = (message: string, hint?: string) =>
    new MlforgeError("usage", `${what} of feature "${feature}" ${message}`, { place, hint });
  const reader = await connection.runAndReadAll("SELECT json_serialize_sql($sql::VARCHAR)", { sql });
  const parsed = JSON.parse(String(reader.getRows()[0]?.[0])) as Node;
  if (parsed["error"] === true) {
    const why = String(parsed["error_message"]);
    throw why.startsWith("Only SELECT statements")
      ? refuse("is not one SELECT", notSelectHint(sql))
      : refuse(`can't be parsed: ${why}`, parseHint(sql));
  }
  const statements = parsed["statements"] as Node[];
  if (statements.length !== 1) throw refuse(`has ${statements.length} statements`, "Write one SELECT.");

  const volatile = await volatileFunctions(connection);
  const tables: string[] = [];
  const names = new Set<string>();
  const functions = new Set<string>();
  const tableFunctions = new Set<string>();
  const ctes = new Set<string>();
  // What a whole row of a table can be named by: `select e from events e` takes all its columns.
  const rows = new Set<string>();
  const lastParts = new Set<string>();
  let star = false;
  let sampled = false;
  walk(statements[0], (node) => {
    if (node["sample"] !== null && typeof node["sample"] === "object") sampled = true;
    for (const { key } of cteEntries(node)) ctes.add(key.toLowerCase());
    if (node["type"] === "BASE_TABLE") {
      const outside = node["schema_name"] !== "" || node["catalog_name"] !== "";
      for (const name of ["alias", "table_name"]) rows.add(String(node[name]).toLowerCase());
      // Columns are renamed by their position.
      if ((node["column_name_alias"] as unknown[]).length > 0) star = true;
      tables.push(outside ? `${node["schema_name"]}.${node["table_name"]}` : String(node["table_name"]));
    }
    if (node["type"] === "TABLE_FUNCTION") {
      const call = node["function"] as Node;
      tableFunctions.add(String(call["function_name"]).toLowerCase());
    }
    if (node["class"] === "FUNCTION") {
      const name = String(node["function_name"]).toLowerCase();
      // age() of one argument counts from today.
      const today = name === "age" && (node["children"] as unknown[]).length === 1;
      functions.add(today ? "today" : name);
    }
    if (node["class"] === "STAR") star = true;
    if (node["class"] === "COLUMN_REF") {
      const parts = (node["column_names"] as string[]).map((p) => p.toLowerCase());
      for (const part of parts) names.add(part);
      lastParts.add(parts.at(-1) ?? "");
      const [only] = parts;
      if (parts.length === 1 && only !== undefined && CLOCK_WORDS.has(only)) functions.add(only);
    }
    if (node["using_columns"] instanceof Array) {
      for (const column of node["using_columns"]) names.add(String(column).toLowerCase());
    }
    // A pivot groups by all columns that it does not name.
    if (node["ref_type"] === "NATURAL" || node["type"] === "PIVOT") star = true;
  });

  if (sampled) {
    throw refuse("takes a random sample", "Sample by a hash of a column: `where hash(id) % 10 = 0`.");
  }
  for (const name of tableFunctions) {
    if (!HARMLESS_TABLES.has(name)) {
      throw refuse(
        `calls the table function ${name}()`,
        `It can read its sources only: ${sources.join(", ")}.`,
      );
    }
  }
  for (const name of functions) {
    if (volatile.has(name) || CLOCK_WORDS.has(name) || ENVIRONMENT.test(name)) {
      throw refuse(
        `calls ${name}(), whose value depends on clock, chance or machine`,
        "A rebuild must give the same data: take such a value from a source's column.",
      );
    }
  }
  const allowed = new Map(sources.map((s) => [s.toLowerCase(), s]));
  const [single] = sources;
  if (sources.length === 1 && single !== undefined) allowed.set("source", single);
  const used = new Set<string>();
  for (const table of tables) {
    const source = allowed.get(table.toLowerCase());
    if (source !== undefined) used.add(source);
    else if (!ctes.has(table.toLowerCase())) {
      throw refuse(`reads "${table}", which is none of its sources`, suggestName(table, allowed.keys()));
    }
  }
  const whole = star || !lastParts.isDisjointFrom(rows);
  return { columns: whole ? undefined : names, sources: used };
}

function cteEntries(node: Node): { key: string }[] {
  const map = (node["cte_map"] as Node | undefined)?.["map"];
  return Array.isArray(map) ? map as { key: string }[] : [];
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) { for (const item of value) walk(item, visit); }
  else if (value !== null && typeof value === "object") {
    visit(value as Node);
    for (const item of Object.values(value)) walk(item, visit);
  }
}

async function volatileFunctions(connection: DuckDBConnection): Promise<Set<string>> {
  const reader = await connection.runAndReadAll(
    "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE stability <> 'CONSISTENT' AND function_name <> 'error'",
  );
  return new Set(reader.getRows().map(([name]) => String(name)));
}

const ONE_SELECT = "A feature's SQL is one SELECT (or WITH ... SELECT, or FROM ...).";

function parseHint(sql: string): string | undefined {
  return /^\s*(select|with|from|\()/i.test(sql) ? undefined : ONE_SELECT;
}

/** A PIVOT that finds its values out is two statements to DuckDB. */
function notSelectHint(sql: string): string {
  return /\bpivot\b/i.test(sql)
    ? "Name the values of a PIVOT: `pivot (sum(x) for y in (1, 2))`."
    : ONE_SELECT;
}
