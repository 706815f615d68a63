import { MlforgeError } from "../../error.ts";
import { type Column, quote } from "./types.ts";

/**
 * SQL of a surrogate key: one text that stands for the values of several columns.
 *
 * It is the SHA-256 of the values' texts, each written as `<length in bytes>:<UTF-8>` and NULL as `-`, one after the
 * other; of the digest the first 128 bits, as 32 hex digits. So ("ab","c") is `2:ab1:c`, ("a","bc") is `1:a2:bc`, and
 * ("",NULL) is `0:-`. It is never NULL. The same values give the same key on every platform, in any integer type.
 *
 * Texts: text as it is; integers in decimal; BOOLEAN `true` or `false`; DECIMAL with all digits of its scale (`1.50`); DATE
 * `2024-01-31`; TIMESTAMP and TIMESTAMP WITH TIME ZONE `2024-01-31T23:59:58.000000Z` in UTC (nine digits for
 * TIMESTAMP_NS); UUID with lower-case digits and dashes. Other types are refused (code `usage`): engines write floats
 * differently, and a nested value has no one text.
 */
export function surrogateExpression(columns: readonly Column[]): string {
  if (columns.length === 0) throw new MlforgeError("usage", "A surrogate key needs at least one column");
  const parts = columns.map((column) => {
    const text = textOf(column);
    return `coalesce(strlen(${text}) || ':' || (${text}), '-')`;
  });
  return `left(sha256(${parts.join(" || ")}), 32)`;
}

const PLAIN = /^(VARCHAR|BOOLEAN|U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL\(\d+,\d+\)|UUID)$/;
const NAIVE = /^TIMESTAMP(_S|_MS)?$/;

/** The column's text, independent of the session's settings. */
function textOf({ name, type }: Column): string {
  const column = quote(name);
  if (type === "VARCHAR") return column;
  if (PLAIN.test(type) || type.startsWith("ENUM(")) return `CAST(${column} AS VARCHAR)`;
  if (type === "DATE") return `strftime(${column}, '%Y-%m-%d')`;
  if (NAIVE.test(type)) return `${iso(`CAST(${column} AS TIMESTAMP)`)} || 'Z'`;
  if (type === "TIMESTAMP WITH TIME ZONE") return `${iso(`make_timestamp(epoch_us(${column}))`)} || 'Z'`;
  if (type === "TIMESTAMP_NS") {
    // Not with strftime's %n: in DuckDB 1.5.5 it garbles what stands after it.
    const nanos = `((epoch_ns(${column}) % 1000 + 1000) % 1000)`;
    const micros = `make_timestamp((epoch_ns(${column}) - ${nanos}) // 1000)`;
    return `${iso(micros)} || lpad(CAST(${nanos} AS VARCHAR), 3, '0') || 'Z'`;
  }
  throw new MlforgeError("usage", `Can't make a surrogate key from column "${name}" of type ${type}`, {
    hint: /^(FLOAT|DOUBLE)$/.test(type)
      ? `Floats are written differently by different engines: cast it, to DECIMAL(18,4) say, in the feature's SQL.`
      : "Cast it to text, an integer, a decimal or a time in the feature's SQL.",
  });
}

function iso(time: string): string {
  return `strftime(${time}, '%Y-%m-%dT%H:%M:%S.%f')`;
}
