import type { DuckDBConnection } from "@duckdb/node-api";
import { MlforgeError } from "../../../error.ts";
import type { Aggregation } from "../../../definitions/model.ts";
import type { MetricTask } from "../../task.ts";
import { columnsOf, quote } from "../types.ts";

/** What is known of a column that metrics are made of. */
export interface Input {
  name: string;
  type: string;
  family: "integer" | "decimal" | "float" | "boolean" | "other";
  /** Digits after the point of a decimal. */
  scale: number;
  /** Whether sums of it, in its smallest unit, stay below 2^53 in size: then doubles hold them exactly. */
  small: boolean;
  /** For floats: NaN or an infinity is among them. */
  strange: boolean;
  /** For floats: the power of two by which each value times it is an integer, and no sum leaves 127 bits. */
  fixedPoint: number | undefined;
}

const EXACT = 2 ** 53;
/** A decimal's double times its scale is rounded to the integer it stands for: a few bits are kept for that. */
const EXACT_DECIMAL = 2 ** 50;

const INTEGERS = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;

function familyOf(type: string): Input["family"] {
  if (INTEGERS.test(type)) return "integer";
  if (type.startsWith("DECIMAL")) return "decimal";
  if (type === "DOUBLE" || type === "FLOAT") return "float";
  return type === "BOOLEAN" ? "boolean" : "other";
}

const NUMERIC: ReadonlySet<Aggregation> = new Set(["sum", "mean", "std", "median"]);
const NESTED = /\[|^(STRUCT|MAP|UNION|BLOB|BIT|INTERVAL|GEOMETRY|VARIANT)/;

/** Looks once at all inputs: their types, and how large the numbers are. Refuses what an aggregation can't take. */
export async function lookAtInputs(
  connection: DuckDBConnection,
  relation: string,
  metrics: readonly MetricTask[],
): Promise<{ inputs: Map<string, Input>; rows: number }> {
  const types = new Map(
    columnsOf(await connection.run(`SELECT * FROM ${relation} LIMIT 0`)).map((c) => [c.name, c.type]),
  );
  const names = [...new Set(metrics.map((m) => m.input).filter((name) => name !== "*"))];
  for (const metric of metrics) refuseType(metric, types.get(metric.input));
  const numeric = names.filter((name) => familyOf(types.get(name) ?? "") !== "other");
  const facts = numeric.flatMap((name) => {
    const column = `CAST(${quote(name)} AS DOUBLE)`;
    const finite = `FILTER (isfinite(${column}))`;
    return [
      `max(abs(${column})) ${finite}`,
      `min(abs(${column})) FILTER (isfinite(${column}) AND ${column} <> 0)`,
      `count(*) FILTER (NOT isfinite(${column}))`,
    ];
  });
  const reader = await connection.runAndReadAll(
    `SELECT ${["count(*)", ...facts].join(", ")} FROM ${relation}`,
  );
  const [rows = 0, ...values] = (reader.getRows()[0] ?? []).map((v) => v === null ? 0 : Number(v));
  const inputs = new Map<string, Input>();
  for (const name of names) {
    const type = types.get(name) ?? "";
    const at = numeric.indexOf(name);
    const [largest, least, strange] = at < 0 ? [0, 0, 0] : values.slice(at * 3, at * 3 + 3);
    const family = familyOf(type);
    const scale = family === "decimal" ? Number(/,(\d+)\)$/.exec(type)?.[1] ?? 0) : 0;
    const bound = (largest ?? 0) * 10 ** scale * Math.max(1, rows);
    inputs.set(name, {
      name,
      type,
      family,
      scale,
      small: family === "decimal"
        ? scale <= 18 && bound < EXACT_DECIMAL
        : family !== "other" && bound < EXACT,
      strange: (strange ?? 0) > 0,
      fixedPoint: family === "float" ? fixedPoint(largest ?? 0, least ?? 0, rows) : undefined,
    });
  }
  return { inputs, rows };
}

/**
 * k such that |x| * 2^k is an integer for every double x of at least `least` in size, and `rows` of them of at most
 * `largest` sum up to less than 2^126; undefined where there is none, as the magnitudes lie too far apart.
 */
function fixedPoint(largest: number, least: number, rows: number): number | undefined {
  if (largest === 0) return 0;
  const needed = 53 - Math.floor(Math.log2(least));
  const allowed = 125 - Math.ceil(Math.log2(largest)) - Math.ceil(Math.log2(rows + 1));
  // 2^k itself must be a double, and so must its inverse.
  const k = Math.max(0, needed);
  return k <= allowed && k < 1000 ? k : undefined;
}

function refuseType({ aggregation, input, name }: MetricTask, type: string | undefined): void {
  if (input === "*" || type === undefined || aggregation === "count") return;
  const family = familyOf(type);
  if (NUMERIC.has(aggregation) ? family !== "other" : !NESTED.test(type)) return;
  throw new MlforgeError(
    "usage",
    `Can't make ${name}: ${aggregation} of column "${input}", which is of type ${type}`,
    {
      hint: NUMERIC.has(aggregation)
        ? `${aggregation} takes numbers; text takes count, count_distinct, min, max, first and last.`
        : "It takes numbers, text, booleans, dates, times and UUIDs; cast the column in SQL.",
    },
  );
}
