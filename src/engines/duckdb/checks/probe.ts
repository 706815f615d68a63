import type { DuckDBConnection } from "@duckdb/node-api";
import { type Check, checkName } from "../../../definitions/checks/model.ts";
import { MlforgeError } from "../../../error.ts";
import { suggestName } from "../../../nearest.ts";
import { messageOf } from "../errors.ts";
import { arrowName, type Column, columnsOf, literal, quote } from "../types.ts";
import { isTime, momentOf, passes } from "./condition.ts";
import { readExpression } from "./expression.ts";

/** Rows that are to be checked. */
export interface Checked {
  feature: string;
  /** What to select from: a name, or a query in brackets. */
  from: string;
  columns: readonly Column[];
  keys: readonly string[];
  /** The column of times, as TIMESTAMP in UTC. */
  time?: string | undefined;
  /** In milliseconds since 1970. */
  now: number;
}

/** How one check is asked: of each row, of distinct values, or of a single fact. */
export type Probe =
  & { check: Check }
  & (
    /** SQL predicates over a row: whether it is looked at, and whether it is and fails. `columns` show why. */
    | { kind: "rows"; looked: string; fails: string; columns: string[] }
    /** No two rows that are looked at have an equal `value`. Equal values have equal hashes, so it may be one. */
    | { kind: "distinct"; looked: string; value: string; fails: string; columns: string[] }
    /** `judge` gets the aggregate's value and says what is wrong, if anything. */
    | { kind: "fact"; aggregate: string; judge: (value: unknown) => string | undefined }
    /** Known without any row. */
    | { kind: "known"; wrong: string | undefined }
  );

/**
 * How a check is asked of these rows. Wrong use (a column that is not there, a type it can't be asked of) throws. A check
 * that is not asked of rows here (drift, what looks into another feature) gives undefined.
 */
export async function probe(
  connection: DuckDBConnection,
  check: Check,
  rows: Checked,
): Promise<Probe | undefined> {
  const named = (name: string) => columnOf(check, name, rows);
  const ofColumn = (column: Column, fails: string): Probe => {
    const looked = `${quote(column.name)} IS NOT NULL`;
    return { check, kind: "rows", looked, fails: `${looked} AND ${fails}`, columns: [column.name] };
  };
  switch (check.kind) {
    case "drift":
      return undefined;
    case "not_null": {
      const { name } = named(check.column);
      return { check, kind: "rows", looked: "true", fails: `${quote(name)} IS NULL`, columns: [name] };
    }
    case "unique":
      return distinct(check, [named(check.column).name], rows);
    case "unique_key": {
      const names = check.columns ?? [...rows.keys, ...(rows.time === undefined ? [] : [rows.time])];
      return distinct(check, names.map((name) => named(name).name), rows);
    }
    case "type": {
      const { type } = named(check.column);
      const right = [type, arrowName(type)].some((name) => name.toLowerCase() === check.type.toLowerCase());
      return {
        check,
        kind: "known",
        wrong: right ? undefined : `it is ${arrowName(type)}, not ${check.type}`,
      };
    }
    case "row_count":
      return { check, kind: "fact", aggregate: "count(*)", judge: (value) => outside(check, Number(value)) };
    case "fresh":
      return {
        check,
        kind: "fact",
        aggregate: `epoch_ms(max(${quote(rows.time ?? "")}))`,
        judge: (value) => stale(value === null ? undefined : Number(value), check.within, rows.now),
      };
    case "not_in_future": {
      const column = named(check.column ?? rows.time ?? "");
      if (!isTime(column.type)) throw notOfType(check, column, rows, "It takes times and dates.");
      return ofColumn(column, `epoch_ms(${momentOf(column)}) > ${Math.floor(rows.now)}`);
    }
    case "referential": {
      if (check.source === undefined) return undefined;
      const lookup = quote(lookupName(check.source));
      const there = columnsOf(await connection.run(`SELECT * FROM ${lookup} LIMIT 0`));
      requireReferred(check, { feature: rows.feature, what: `source "${check.source}"`, columns: there });
      return ofColumn(named(check.column), notAmong(check, lookup));
    }
    case "sql": {
      const { columns } = await readExpression(connection, check, rows);
      const fails = `NOT coalesce(TRY((${check.expression}\n)), false)`;
      return { check, kind: "rows", looked: "true", fails, columns };
    }
    case "matches_regex": {
      await requirePattern(connection, check, rows);
      const column = named(check.column);
      return ofColumn(column, `NOT ${passes(check, column, rows.feature)}`);
    }
    default: {
      const column = named(check.column);
      return ofColumn(column, `NOT (${passes(check, column, rows.feature)})`);
    }
  }
}

/** The view of a source that checks look into: no name that a definition can have. */
export function lookupName(source: string): string {
  return `_mlforge_lookup_${source}`;
}

/** An error where what a check looks into has no such column. */
export function requireReferred(
  check: Check & { kind: "referential" },
  { feature, what, columns }: { feature: string; what: string; columns: readonly Column[] },
): void {
  const names = columns.map(({ name }) => name);
  if (names.includes(check.references)) return;
  throw new MlforgeError(
    "usage",
    `Check ${checkName(check)} of feature "${feature}" looks for a column "${check.references}" in ${what}`,
    { place: check.place, hint: suggestName(check.references, names) },
  );
}

/** A predicate: the value is nowhere in the column that the check refers to. */
export function notAmong(check: Check & { kind: "referential" }, relation: string): string {
  const there = quote(check.references);
  return `${quote(check.column)} NOT IN (SELECT ${there} FROM ${relation} WHERE ${there} IS NOT NULL)`;
}

/** The column of that name, or an error with the nearest one. */
export function columnOf(check: Check, name: string, { columns, feature }: Checked): Column {
  const found = columns.find((column) => column.name === name);
  if (found !== undefined) return found;
  throw new MlforgeError(
    "usage",
    `Check ${checkName(check)} of feature "${feature}" names a column "${name}", which is not there`,
    { place: check.place, hint: suggestName(name, columns.map((column) => column.name)) },
  );
}

function notOfType(check: Check, { type }: Column, { feature }: Checked, hint: string): MlforgeError {
  const message = `Check ${checkName(check)} of feature "${feature}" can't be asked of type ${
    arrowName(type)
  }`;
  return new MlforgeError("usage", message, { place: check.place, hint });
}

/** The engine's syntax is RE2's, which takes time in proportion to the text, whatever the pattern. */
async function requirePattern(
  connection: DuckDBConnection,
  check: Check & { kind: "matches_regex" },
  { feature }: Checked,
): Promise<void> {
  try {
    await connection.run(`SELECT regexp_matches('', ${literal(check.pattern)})`);
  } catch (cause) {
    const message = `Check ${
      checkName(check)
    } of feature "${feature}" can't read its pattern "${check.pattern}"`;
    throw new MlforgeError("usage", `${message}: ${messageOf(cause)}`, {
      place: check.place,
      hint: "Write it in RE2's syntax, which has no look-around and no back references.",
      cause,
    });
  }
}

function distinct(check: Check, names: string[], { from }: Checked): Probe {
  const list = names.map(quote).join(", ");
  const looked = names.map((name) => `${quote(name)} IS NOT NULL`).join(" AND ");
  const repeated = `SELECT ${list} FROM ${from} WHERE ${looked} GROUP BY ${list} HAVING count(*) > 1`;
  const value = names.length === 1 ? list : `(${list})`;
  return {
    check,
    kind: "distinct",
    looked,
    value: `hash(${list})`,
    fails: `${looked} AND ${value} IN (${repeated})`,
    columns: names,
  };
}

function outside({ min, max }: { min?: number; max?: number }, rows: number): string | undefined {
  const said = `there are ${rows.toLocaleString("en-US")} rows`;
  if (min !== undefined && rows < min) return `${said}, and there have to be ${min} or more`;
  if (max !== undefined && rows > max) return `${said}, and there may be ${max} at most`;
}

function stale(newest: number | undefined, within: { text: string; seconds: number }, now: number) {
  if (newest === undefined) return "there is no row with a time";
  if (now - newest <= within.seconds * 1000) return undefined;
  return `the newest time is ${new Date(newest).toISOString()}, more than ${within.text} ago`;
}
