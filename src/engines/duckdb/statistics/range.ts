import type { DuckDBValue } from "@duckdb/node-api";
import { type Column, quote } from "../types.ts";

/** What statistics of a type there are: numbers have all, times no mean, truth values no quantiles, text only its ends. */
export type Kind = "number" | "time" | "truth" | "text" | "other";

export function kindOf(type: string): Kind {
  if (/^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$|^DECIMAL|^FLOAT$|^DOUBLE$/.test(type)) return "number";
  if (type === "DATE" || type.startsWith("TIMESTAMP")) return "time";
  if (type === "BOOLEAN") return "truth";
  return type === "VARCHAR" || type.startsWith("ENUM(") ? "text" : "other";
}

/** The least and the greatest value, infinite ones and NaN aside; absent where there is none. */
export interface Ends {
  min?: number | string | boolean;
  max?: number | string | boolean;
  /** As numbers, for the bins between them. */
  from?: number;
  to?: number;
  /** Of text: no value is longer than the engine keeps in place. */
  short?: boolean;
}

/** Longer texts are cut: they are there to be looked at. */
const LONGEST = 100;

/** Aggregates of one column. */
export const AGGREGATES = 3;

/** Bytes of a text that the engine keeps beside its length, without a pointer. */
const INLINE = 12;

/**
 * The aggregates that `endsOf` reads. To leave infinite values and NaN out (`finite`) costs five times as much, so that is
 * asked only where one of them turned up.
 */
export function endAggregates({ name, type }: Column, { finite = false } = {}): string[] {
  const column = quote(name);
  const filter = finite ? `FILTER (isfinite(${column}))` : "";
  const longest = kindOf(type) === "text" ? `max(strlen(CAST(${column} AS VARCHAR)))` : "NULL";
  const ends = ["min", "max"].map((end) => {
    const value = `${end}(${column}) ${filter}`;
    switch (kindOf(type)) {
      case "number":
        // The text of a FLOAT is shorter than what it is.
        return type === "FLOAT" ? `CAST(CAST(${value} AS DOUBLE) AS VARCHAR)` : `CAST(${value} AS VARCHAR)`;
      case "truth":
        return `CAST(${value} AS VARCHAR)`;
      case "time":
        return `CASE WHEN isfinite(${value}) THEN CAST(${unitsOf(type, value)} AS VARCHAR) ELSE 'inf' END`;
      case "text":
        return `left(CAST(${value} AS VARCHAR), ${LONGEST})`;
      case "other":
        return "NULL";
    }
  });
  return [...ends, longest];
}

/** Reads the aggregates; undefined where one of them is no finite value. */
export function endsOf({ type }: Column, values: readonly DuckDBValue[]): Ends | undefined {
  const [least, most, longest] = values.map((value) => value === null ? undefined : String(value));
  if (least === undefined || most === undefined) return {};
  const [from, to] = [Number(least), Number(most)];
  switch (kindOf(type)) {
    case "number":
      if (!Number.isFinite(from) || !Number.isFinite(to)) return undefined;
      return { min: asJson(least), max: asJson(most), from, to };
    case "time":
      if (!Number.isFinite(from) || !Number.isFinite(to)) return undefined;
      return { min: timeText(type, from), max: timeText(type, to), from, to };
    case "truth":
      return { min: least === "true", max: most === "true" };
    default:
      return { min: least, max: most, short: Number(longest) <= INLINE };
  }
}

/** A number where JSON holds it exactly, else its text. */
function asJson(text: string): number | string {
  const digits = text.replace(/[^0-9]/g, "").replace(/^0+/, "").length;
  const exact = digits <= 15 || /[.e]/.test(text) && digits <= 17;
  return exact || Number.isSafeInteger(Number(text)) ? Number(text) : text;
}

/** A time as a whole number of the units that DuckDB holds it in. */
function unitsOf(type: string, value: string): string {
  switch (type) {
    case "DATE":
      return `date_diff('day', DATE '1970-01-01', ${value})`;
    case "TIMESTAMP_S":
      return `epoch_ms(${value}) // 1000`;
    case "TIMESTAMP_MS":
      return `epoch_ms(${value})`;
    case "TIMESTAMP_NS":
      return `epoch_ns(${value})`;
    default:
      return `epoch_us(${value})`;
  }
}

const PER_SECOND: Record<string, number> = { TIMESTAMP_S: 1, TIMESTAMP_MS: 1e3, TIMESTAMP_NS: 1e9 };

/** ISO 8601, UTC, to the microsecond; a date as such. */
export function timeText(type: string, units: number): string {
  if (type === "DATE") return new Date(units * 86_400_000).toISOString().slice(0, 10);
  const perSecond = PER_SECOND[type] ?? 1e6;
  const seconds = Math.floor(units / perSecond);
  const micros = Math.floor((units - seconds * perSecond) * (1e6 / perSecond));
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(micros).padStart(6, "0")}Z`;
}

/** What `timeText` was made of; undefined for what is no time. */
export function unitsOfText(type: string, text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)\.(\d{6})Z)?$/.exec(text);
  if (match === null) return undefined;
  const [, day = "", time = "00:00:00", micros = "0"] = match;
  const seconds = Date.parse(`${day}T${time}Z`) / 1000;
  if (type === "DATE") return seconds / 86_400;
  const perSecond = PER_SECOND[type] ?? 1e6;
  return seconds * perSecond + Number(micros) / (1e6 / perSecond);
}
