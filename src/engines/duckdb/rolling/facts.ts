import type { DuckDBConnection } from "@duckdb/node-api";
import { MlforgeError } from "../../../error.ts";
import { quote } from "../types.ts";
import { type FixedPoint, fixedPoint } from "./fixed_point.ts";
import type { Input } from "./input.ts";

/** What is known of the rows before they are streamed. */
export interface Facts {
  rows: number;
  /** Microseconds since 1970, UTC; undefined where there are no rows. */
  times: { first: bigint; last: bigint } | undefined;
  /** About how many pairs of key and bucket there are. */
  buckets: number;
  /** By input. */
  ofInput: ReadonlyMap<string, InputFacts>;
}

export interface InputFacts {
  /** Doubles hold its values (unscaled, for decimals) exactly, and where they are summed, any sum of them. */
  narrow: boolean;
  /** The largest sum there can be, in magnitude; unscaled, an estimate from above. */
  most: number;
  /** How doubles can be summed in any order; undefined where they can't, or are not summed. */
  fixed: FixedPoint | undefined;
  /** There are NaN or infinities. */
  special: boolean;
}

/** Below 2^53 by more than rounding an estimate can lose. */
const EXACT = 2 ** 53 * (1 - 2 ** -20);

/** One pass over the relation. `width` is the bucket's, in microseconds. */
export async function gatherFacts(
  connection: DuckDBConnection,
  relation: { name: string; keys: readonly string[]; time: string; width: bigint },
  inputs: readonly Input[],
): Promise<Facts> {
  const time = quote(relation.time);
  const bucket = `epoch_us(${time}) // ${relation.width}`;
  const list = [
    "count(*)",
    `count(*) FILTER (NOT isfinite(${time}))`,
    `epoch_us(min(${time}))`,
    `epoch_us(max(${time}))`,
    `approx_count_distinct(hash(${[...relation.keys.map(quote), bucket].join(", ")}))`,
    ...inputs.flatMap(factsOf),
  ];
  const reader = await connection.runAndReadAll(`SELECT ${list.join(", ")} FROM ${relation.name}`);
  const [count, endless, first, last, buckets, ...rest] = reader.getRows()[0] ?? [];
  if (Number(endless) > 0) {
    throw new MlforgeError("failed", `Column "${relation.time}" holds ${endless} times that are infinite`, {
      hint: "Leave such rows out in the feature's SQL: WHERE isfinite(...).",
    });
  }
  const rows = Number(count);
  return {
    rows,
    times: rows === 0 ? undefined : { first: BigInt(String(first)), last: BigInt(String(last)) },
    buckets: Number(buckets),
    ofInput: new Map(
      inputs.map((input, i) => [input.name, judged(input, rows, rest.slice(i * 4, i * 4 + 4))]),
    ),
  };
}

const isSummed = ({ asked }: Input) => asked.has("sum") || asked.has("mean");

/** Four columns for each input: least, most, number of values, number of NaN and infinities. */
function factsOf(input: Input): string[] {
  const column = quote(input.name);
  if (input.kind === "float" && isSummed(input)) {
    const finite = `FILTER (isfinite(${column}))`;
    return [
      `CAST(min(abs(${column})) FILTER (isfinite(${column}) AND ${column} <> 0) AS DOUBLE)`,
      `CAST(max(abs(${column})) ${finite} AS DOUBLE)`,
      `count(${column})`,
      `count(*) FILTER (NOT isfinite(${column}))`,
    ];
  }
  if ((input.kind === "integer" || input.kind === "decimal") && input.type !== "BOOLEAN") {
    return [`CAST(min(${column}) AS DOUBLE)`, `CAST(max(${column}) AS DOUBLE)`, `count(${column})`, "0"];
  }
  return ["NULL", "NULL", "NULL", "0"];
}

function judged(input: Input, rows: number, [low, high, count, specials]: readonly unknown[]): InputFacts {
  const least = Number(low ?? 0);
  const most = Number(high ?? 0);
  const special = Number(specials) > 0;
  if (input.kind === "float") {
    const fixed = isSummed(input) ? fixedPoint(least, most, Number(count)) : undefined;
    return { narrow: true, most: Infinity, fixed, special };
  }
  const none = { fixed: undefined, special: false };
  if (input.type === "BOOLEAN") return { narrow: true, most: rows, ...none };
  if (input.kind === "integer" || input.kind === "decimal") {
    const each = Math.max(Math.abs(least), Math.abs(most)) * 10 ** input.scale;
    const sum = each * Number(count);
    return { narrow: (isSummed(input) ? sum : each) < EXACT, most: sum, ...none };
  }
  const wide = input.kind === "uuid" || (input.kind === "time" && input.type !== "DATE");
  return { narrow: !wide, most: Infinity, ...none };
}
