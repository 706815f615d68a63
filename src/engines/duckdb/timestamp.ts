import type { DuckDBConnection } from "@duckdb/node-api";
import { MlforgeError, type Place } from "../../error.ts";
import { textTime } from "./time_text.ts";
import { zonedExpression } from "./time_zone.ts";
import { columnsOf, quote } from "./types.ts";

/** A column of times, and what is known of it. */
export interface TimeRequest {
  /** SQL name of the table or view. */
  relation: string;
  column: string;
  /** One of TIME_FORMATS, for a text column; found out by default. */
  format?: string;
  /** IANA name of the zone of naive times; UTC by default. */
  timezone?: string;
  /** How to read a naive time that the zone's clocks passed twice or never; refused by default. */
  fold?: "first" | "last";
  /** Whose column it is, for messages: `feature "x"`. */
  what: string;
  place?: Place;
}

/** As `timeColumn`, for a column of a feature. */
export function timeExpression(
  connection: DuckDBConnection,
  request: Omit<TimeRequest, "what"> & { feature: string; place: Place },
): Promise<string> {
  const { feature, ...rest } = request;
  return timeColumn(connection, { ...rest, what: `feature "${feature}"` });
}

/**
 * A SQL expression over the column, of type TIMESTAMP, in UTC, NULL only where the value is NULL. It does not depend on
 * the session's settings (its time zone, say). All values are looked at first, so that the expression can't fail:
 *
 * - TIMESTAMP of any precision: naive, in `timezone`. Nanoseconds are rounded down to the microsecond, so that no order
 *   turns round; two moments of one microsecond become equal.
 * - TIMESTAMP WITH TIME ZONE: a moment; `timezone` does not matter.
 * - DATE: its first moment in `timezone`.
 * - text: by `format`, see `textTime`; an offset in it makes it a moment, a date alone is read as DATE.
 *
 * Errors (code `usage`): another type, times outside the years 1 to 9999 (infinity among them), text of no one format,
 * an unknown zone, a time that the zone's clocks passed twice or never (see `zonedExpression`).
 */
export async function timeColumn(connection: DuckDBConnection, request: TimeRequest): Promise<string> {
  const { relation, column, timezone } = request;
  const name = quote(column);
  const described = await connection.run(`SELECT ${name} FROM ${relation} LIMIT 0`);
  const type = columnsOf(described)[0]?.type ?? "";
  const found = await moment(connection, request, name, type);
  await requireRange(connection, request, found);
  const { expression, kind } = found;
  if (kind === "instant") return `make_timestamp(epoch_us(${expression}))`;
  if (timezone === undefined || /^(Etc\/)?UTC$/i.test(timezone)) return floored(expression, type);
  return await zonedExpression(connection, request, floored(expression, type), {
    zone: timezone,
    dates: kind === "date",
  });
}

type Kind = "instant" | "naive" | "date";

async function moment(
  connection: DuckDBConnection,
  request: TimeRequest,
  name: string,
  type: string,
): Promise<{ expression: string; kind: Kind }> {
  if (type === "TIMESTAMP WITH TIME ZONE") return { expression: name, kind: "instant" };
  if (/^TIMESTAMP(_S|_MS|_NS)?$/.test(type)) return { expression: name, kind: "naive" };
  if (type === "DATE") return { expression: name, kind: "date" };
  if (type === "VARCHAR" || type.startsWith("ENUM(")) {
    const { expression, instant, date } = await textTime(connection, request);
    return { expression, kind: instant ? "instant" : date ? "date" : "naive" };
  }
  const numeric = /INT|DECIMAL|FLOAT|DOUBLE/.test(type);
  throw new MlforgeError(
    "usage",
    `Column "${request.column}" of ${request.what} is of type ${type}, not a time`,
    {
      place: request.place,
      hint: numeric
        ? `If it counts seconds since 1970, write to_timestamp(${name}) in SQL; milliseconds: epoch_ms(${name}).`
        : "Give a TIMESTAMP, a DATE, or text in one of the time formats.",
    },
  );
}

/** SQL of type TIMESTAMP for a naive time or a date. DuckDB's own cast rounds nanoseconds before 1970 up. */
function floored(expression: string, type: string): string {
  if (type === "TIMESTAMP") return expression;
  if (type !== "TIMESTAMP_NS") return `CAST(${expression} AS TIMESTAMP)`;
  const nanos = `epoch_ns(${expression})`;
  return `make_timestamp((${nanos} - (${nanos} % 1000 + 1000) % 1000) // 1000)`;
}

/** Refuses what other readers of the data, or the arithmetic of buckets, can't hold. */
async function requireRange(
  connection: DuckDBConnection,
  request: TimeRequest,
  { expression, kind }: { expression: string; kind: Kind },
): Promise<void> {
  const fits = (value: string) => inRange(kind === "instant" ? `make_timestamp(epoch_us(${value}))` : value);
  const reader = await connection.runAndReadAll(
    `SELECT count, ${fits("least")}, ${fits("most")}, CAST(least AS VARCHAR), CAST(most AS VARCHAR)
     FROM (SELECT min(${expression}) AS least, max(${expression}) AS most, count(${expression}) AS count
       FROM ${request.relation})`,
  );
  const [count, leastFits, mostFits, least, most] = reader.getRows()[0] ?? [];
  if (Number(count) === 0 || (leastFits === true && mostFits === true)) return;
  throw new MlforgeError(
    "usage",
    `Column "${request.column}" of ${request.what} has the time ${leastFits === true ? most : least}`,
    {
      place: request.place,
      hint:
        "Times lie in the years 1 to 9999. Was a number read in another unit? Leave such rows out in SQL.",
    },
  );
}

/** By the text, since a cast to TIMESTAMP overflows for dates far away; an infinite moment has become NULL. */
function inRange(value: string): string {
  return `coalesce(regexp_full_match(CAST(${value} AS VARCHAR), '[0-9]{4}-[^B]*')
    AND NOT starts_with(CAST(${value} AS VARCHAR), '0000'), false)`;
}
