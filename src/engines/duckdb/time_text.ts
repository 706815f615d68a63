import type { DuckDBConnection } from "@duckdb/node-api";
import { TIME_FORMATS } from "../../definitions/model.ts";
import { MlforgeError } from "../../error.ts";
import { nearest, suggestName } from "../../nearest.ts";
import type { TimeRequest } from "./timestamp.ts";
import { literal, quote } from "./types.ts";

/** How a text column is read: a SQL expression of type TIMESTAMP, or TIMESTAMPTZ where the format has an offset. */
export interface TextTime {
  expression: string;
  instant: boolean;
  /** The format has no time of day. */
  date: boolean;
}

/** What strptime's letters stand for. DuckDB itself also takes two-digit years, blanks around, "infinity" as 1900. */
const LETTERS: Record<string, string> = {
  "%Y": "\\d{4}",
  "%m": "\\d{1,2}",
  "%d": "\\d{1,2}",
  "%H": "\\d{1,2}",
  "%M": "\\d{2}",
  "%S": "\\d{2}",
  "%f": "\\d{1,9}",
  "%z": "(Z|[+-]\\d{2}(:?\\d{2})?)",
};

/** One value in each format: what a text is held against to name the nearest one. */
const EXAMPLE: Record<string, string> = {
  "%Y": "0000",
  "%m": "00",
  "%d": "00",
  "%H": "00",
  "%M": "00",
  "%S": "00",
  "%f": "000000",
  "%z": "+00:00",
};

/**
 * Reads a text column by its format, or by the one of TIME_FORMATS that fits all its values. `%f` takes 1 to 9 digits,
 * of which those below the microsecond are cut; `%z` takes `Z`, `+hh`, `+hhmm` and `+hh:mm`. Errors: a value that does
 * not fit; two formats that fit all values and read one of them differently.
 */
export async function textTime(connection: DuckDBConnection, request: TimeRequest): Promise<TextTime> {
  const { column, relation, what } = request;
  const text = `CAST(${quote(column)} AS VARCHAR)`;
  const formats = await candidates(connection, request, text);
  const fits = (format: string) => `(${matches(text, format)} AND ${tried(text, format)} IS NOT NULL)`;
  const [first, second] = formats;
  // At most two formats fit one value: day and month, either way round.
  const differing = second === undefined
    ? "NULL"
    : `min(${text}) FILTER (${tried(text, first ?? "")} IS DISTINCT FROM ${tried(text, second)})`;
  const counts = formats.flatMap((format) => [
    `count(*) FILTER (${fits(format)})`,
    `min(${text}) FILTER (NOT ${fits(format)})`,
  ]);
  const reader = await connection.runAndReadAll(
    `SELECT count(*), ${differing}, ${counts.join(", ")} FROM ${relation} WHERE ${quote(column)} IS NOT NULL`,
  );
  const [all, ambiguous, ...facts] = reader.getRows()[0] ?? [];
  const tally = formats.map((format, i) => ({
    format,
    count: Number(facts[2 * i]),
    failing: facts[2 * i + 1],
  }));
  const fitting = tally.filter(({ count }) => count === Number(all)).map(({ format }) => format);
  const [format, other] = fitting;
  if (format === undefined) {
    const best = tally.reduce((a, b) => (b.count > a.count ? b : a));
    throw unfit(request, String(best.failing), best.format, formats.length === 1);
  }
  if (other !== undefined && ambiguous !== null && ambiguous !== undefined) {
    throw new MlforgeError(
      "usage",
      `Column "${column}" of ${what} fits two formats, ${format} and ${other}, which read "${ambiguous}" differently`,
      { place: request.place, hint: "Say which one it is: `format:` beside the timestamp's column." },
    );
  }
  return {
    expression: `strptime(${prepared(text, format)}, ${literal(format)})`,
    instant: format.endsWith("%z"),
    date: !format.includes("%H"),
  };
}

/** The formats that fit the first value: no other one can fit them all. At least one, unless it throws. */
async function candidates(
  connection: DuckDBConnection,
  request: TimeRequest,
  text: string,
): Promise<readonly string[]> {
  const { format, column, relation, what } = request;
  if (format !== undefined) {
    if (TIME_FORMATS.some((known) => known === format)) return [format];
    throw new MlforgeError("usage", `Unknown format "${format}" of column "${column}" of ${what}`, {
      place: request.place,
      hint: suggestName(format, TIME_FORMATS),
    });
  }
  const found = TIME_FORMATS.map((f) => `(${matches(text, f)} AND ${tried(text, f)} IS NOT NULL)`);
  const reader = await connection.runAndReadAll(
    `SELECT ${text}, ${found.join(", ")} FROM ${relation} WHERE ${quote(column)} IS NOT NULL LIMIT 1`,
  );
  const row = reader.getRows()[0];
  // No values at all: any format reads them.
  if (row === undefined) return [TIME_FORMATS[0]];
  const formats = TIME_FORMATS.filter((_, i) => row[i + 1] === true);
  if (formats.length > 0) return formats;
  const value = String(row[0]);
  throw unfit(request, value, nearest(shape(value), TIME_FORMATS.map(example)), false);
}

function unfit(
  request: TimeRequest,
  value: string,
  near: string | undefined,
  only: boolean,
): MlforgeError {
  const { column, what, place } = request;
  const format = TIME_FORMATS.find((f) => f === near || example(f) === near);
  const message = only && format !== undefined
    ? `Column "${column}" of ${what} has "${value}", which does not fit ${format}`
    : `Column "${column}" of ${what} has "${value}", which fits no time format`;
  const instead = `make it a TIMESTAMP in SQL: strptime("${column}", '...').`;
  return new MlforgeError("usage", message, {
    place,
    hint: value.trim() === ""
      ? `Empty text is no time: write nullif("${column}", '') in the feature's SQL.`
      : format === undefined
      ? `Known formats: ${TIME_FORMATS.join(", ")}. Or ${instead}`
      : only
      ? `All values must be of one format. Or ${instead}`
      : `The nearest format is ${format}. Or ${instead}`,
  });
}

function matches(text: string, format: string): string {
  const pattern = format.replaceAll(/%\w|\./g, (part) => LETTERS[part] ?? `\\${part}`);
  return `regexp_full_match(${text}, ${literal(pattern)})`;
}

function tried(text: string, format: string): string {
  return `try_strptime(${prepared(text, format)}, ${literal(format)})`;
}

/** What DuckDB's strptime does not take itself: more than six digits after the point, and Z for an offset. */
function prepared(text: string, format: string): string {
  if (format.endsWith("%f")) return `regexp_replace(${text}, '(\\.\\d{6})\\d+$', '\\1')`;
  if (format.endsWith("%z")) return `regexp_replace(${text}, 'Z$', '+00:00')`;
  return text;
}

function shape(value: string): string {
  return value.replaceAll(/\d/g, "0");
}

function example(format: string): string {
  return format.replaceAll(/%\w/g, (letter) => EXAMPLE[letter] ?? letter);
}
