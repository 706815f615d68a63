import { type Check, checkName, type ColumnCheck, type Scalar } from "../../../definitions/checks/model.ts";
import { MlforgeError } from "../../../error.ts";
import { arrowName, type Column, literal, quote } from "../types.ts";

/**
 * When a column's value passes a check, as SQL that is true, or not, for each value that is not NULL. NaN is no number:
 * it is in no range, greater and less than nothing, in no list.
 *
 * A check that can't be asked of the column's type is an error (code `usage`).
 */
export function passes(check: Check & ColumnCheck, column: Column, feature: string): string {
  const name = isTime(column.type) ? momentOf(column) : quote(column.name);
  const kind = kindOf(column.type);
  const refuse = (hint: string) =>
    new MlforgeError(
      "usage",
      `Check ${checkName(check)} of feature "${feature}" can't be asked of type ${arrowName(column.type)}`,
      { place: check.place, hint },
    );
  const value = (written: Scalar) => {
    const sql = sqlOf(written, column.type);
    if (sql === undefined) throw refuse(`"${written}" is no value of that type: write it otherwise.`);
    return sql;
  };
  const compared = (operator: string, bound: number | string) => {
    if (kind === "boolean" || kind === "other") throw refuse("It takes numbers, times and text.");
    const holds = `${name} ${operator} ${value(bound)}`;
    return kind === "float" ? `(${holds} AND NOT isnan(${name}))` : holds;
  };
  switch (check.kind) {
    case "greater_than":
      return compared(">", check.value);
    case "greater_than_or_equal":
      return compared(">=", check.value);
    case "less_than":
      return compared("<", check.value);
    case "less_than_or_equal":
      return compared("<=", check.value);
    case "in_range":
      return [
        ...(check.min === undefined ? [] : [compared(">=", check.min)]),
        ...(check.max === undefined ? [] : [compared("<=", check.max)]),
      ].join(" AND ");
    case "matches_regex":
      if (kind !== "text") throw refuse("It takes text.");
      return `regexp_matches(${name}, ${literal(check.pattern)})`;
    case "is_in":
      return `${name} IN (${check.values.map(value).join(", ")})`;
    case "not_in":
      return `${name} NOT IN (${check.values.map(value).join(", ")})`;
    case "length": {
      if (kind !== "text" && !column.type.endsWith("]")) throw refuse("It takes text and lists.");
      return [
        ...(check.min === undefined ? [] : [`length(${name}) >= ${check.min}`]),
        ...(check.max === undefined ? [] : [`length(${name}) <= ${check.max}`]),
      ].join(" AND ");
    }
    default:
      throw new Error(`${check.kind} is not about single values`);
  }
}

type Kind = "integer" | "decimal" | "float" | "time" | "text" | "boolean" | "other";

function kindOf(type: string): Kind {
  if (/^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/.test(type)) return "integer";
  if (type.startsWith("DECIMAL")) return "decimal";
  if (type === "FLOAT" || type === "DOUBLE") return "float";
  if (isTime(type)) return "time";
  if (type === "VARCHAR" || type.startsWith("ENUM(")) return "text";
  return type === "BOOLEAN" ? "boolean" : "other";
}

/** Whether values are moments or dates. */
export function isTime(type: string): boolean {
  return type === "DATE" || type.startsWith("TIMESTAMP");
}

/** A column of times or dates as a TIMESTAMP in UTC. */
export function momentOf({ name, type }: Column): string {
  return type === "TIMESTAMP WITH TIME ZONE"
    ? `make_timestamp(epoch_us(${quote(name)}))`
    : `CAST(${quote(name)} AS TIMESTAMP)`;
}

/** A value of a definition as SQL of the column's type, exact; undefined where it is none. */
function sqlOf(written: Scalar, type: string): string | undefined {
  switch (kindOf(type)) {
    case "integer":
    case "decimal":
    case "float":
      if (typeof written === "number") return `(${written})`;
      return typeof written === "string" && /^-?\d+(\.\d+)?$/.test(written) ? `(${written})` : undefined;
    case "time":
      return typeof written === "string" && TIME.test(written)
        ? `CAST(TIMESTAMPTZ ${literal(written)} AS TIMESTAMP)`
        : undefined;
    case "text":
      return typeof written === "string" ? literal(written) : undefined;
    case "boolean":
      return typeof written === "boolean" ? String(written) : undefined;
    case "other":
      return undefined;
  }
}

/** ISO 8601; without an offset it is UTC, as is the session. */
const TIME = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?$/;
