import type { DuckDBConnection } from "@duckdb/node-api";
import { quote } from "../types.ts";
import type { Validity } from "../validity.ts";
import { type FixedPoint, fixedPoint } from "./fixed_point.ts";
import type { Input } from "./input.ts";

/** What is known of the rows before they are streamed. */
export interface Facts {
  rows: number;
  /** The first and the last moment at which anything changes: microseconds since 1970, UTC; undefined where there are no rows. */
  times: { first: bigint; last: bigint } | undefined;
  /** DuckDB can add up the events of one key and bucket, and that makes far fewer rows. */
  addUp: boolean;
  /** By input. */
  ofInput: ReadonlyMap<string, InputFacts>;
}

export interface InputFacts {
  /** Doubles hold its values (unscaled, for decimals) exactly, and where they are summed, any sum of them. */
  narrow: boolean;
  /** The largest sum there can be, in magnitude; unscaled, an estimate from above. */
  most: number;
  /** How doubles are summed in any order, where events are added up first. */
  fixed?: FixedPoint;
  /** There are NaN or infinities among them. */
  special?: boolean;
}

export interface RelationToRoll {
  name: string;
  keys: readonly string[];
  time: string;
  /** A bucket's, in microseconds. */
  width: bigint;
  validity?: Validity | undefined;
}

const ADDABLE: ReadonlySet<string> = new Set(["count", "sum", "mean", "min", "max"]);

/** Grouping costs about as much as sorting: it pays where it makes rows this many times fewer. */
const WORTH_GROUPING = 3;

/** Below 2^53 by more than rounding an estimate can lose. */
const EXACT = 2 ** 53 * (1 - 2 ** -20);

/**
 * Looks at the relation once, or twice where doubles are to be added up first. Both ways, added up first or not, give the
 * same rows to the last bit; where both are possible, the quicker one is taken.
 */
export async function gatherFacts(
  connection: DuckDBConnection,
  relation: RelationToRoll,
  inputs: readonly Input[],
): Promise<Facts> {
  const time = quote(relation.time);
  const keys = relation.keys.map(quote).join(", ");
  const [count, first, last, buckets, ...rest] = await onlyRow(connection, relation, [
    "count(*)",
    `epoch_us(min(${time}))`,
    `epoch_us(max(${lastMoment(relation)}))`,
    `approx_count_distinct(hash(${keys}, epoch_us(${time}) // ${relation.width}))`,
    ...inputs.flatMap(factsOf),
  ]);
  const rows = Number(count);
  const ofInput = new Map(
    inputs.map((input, i) => [input.name, judged(input, rows, rest.slice(i * 3, i * 3 + 3))]),
  );
  // What is known late, or replaced, leaves by itself.
  const addUp = relation.validity === undefined && Number(buckets) * WORTH_GROUPING < rows &&
    inputs.every(({ asked }) => [...asked].every((aggregation) => ADDABLE.has(aggregation))) &&
    await findFixedPoints(connection, relation, inputs.filter(isFloatSum), ofInput);
  return {
    rows,
    times: rows === 0 ? undefined : { first: BigInt(String(first)), last: BigInt(String(last)) },
    addUp,
    ofInput,
  };
}

function lastMoment({ time, validity }: RelationToRoll): string {
  if (validity === undefined) return quote(time);
  const { since, until } = validity;
  return until === undefined ? since : `greatest(${since}, ${until})`;
}

async function onlyRow(connection: DuckDBConnection, { name }: RelationToRoll, list: readonly string[]) {
  return (await connection.runAndReadAll(`SELECT ${list.join(", ")} FROM ${name}`)).getRows()[0] ?? [];
}

/** Whether all of them can be summed in fixed point; then it is known how. */
async function findFixedPoints(
  connection: DuckDBConnection,
  relation: RelationToRoll,
  inputs: readonly Input[],
  ofInput: Map<string, InputFacts>,
): Promise<boolean> {
  if (inputs.length === 0) return true;
  const row = await onlyRow(
    connection,
    relation,
    inputs.map(({ name }) => quote(name)).flatMap((column) => [
      `CAST(min(abs(${column})) FILTER (isfinite(${column}) AND ${column} <> 0) AS DOUBLE)`,
      `CAST(max(abs(${column})) FILTER (isfinite(${column})) AS DOUBLE)`,
      `count(${column})`,
      `count(*) FILTER (NOT isfinite(${column}))`,
    ]),
  );
  return inputs.every(({ name }, i) => {
    const [least, most, count, specials] = row.slice(i * 4, i * 4 + 4).map((value) => Number(value ?? 0));
    const fixed = fixedPoint(least ?? 0, most ?? 0, count ?? 0);
    const known = ofInput.get(name);
    if (fixed === undefined || known === undefined) return false;
    ofInput.set(name, { ...known, fixed, special: specials !== 0 });
    return true;
  });
}

const isSummed = ({ asked }: Input) => asked.has("sum") || asked.has("mean");
const isFloatSum = (input: Input) => input.kind === "float" && isSummed(input);
const isExact = ({ kind, type }: Input) => (kind === "integer" || kind === "decimal") && type !== "BOOLEAN";

/** Three columns for each input: least, most, number of values. */
function factsOf(input: Input): string[] {
  if (!isExact(input)) return ["NULL", "NULL", "NULL"];
  const column = quote(input.name);
  return [`CAST(min(${column}) AS DOUBLE)`, `CAST(max(${column}) AS DOUBLE)`, `count(${column})`];
}

function judged(input: Input, rows: number, [least, most, count]: readonly unknown[]): InputFacts {
  if (input.type === "BOOLEAN") return { narrow: true, most: rows };
  if (isExact(input)) {
    const each = Math.max(Math.abs(Number(least ?? 0)), Math.abs(Number(most ?? 0))) * 10 ** input.scale;
    const sum = each * Number(count);
    return { narrow: (isSummed(input) ? sum : each) < EXACT, most: sum };
  }
  const wide = input.kind === "uuid" || (input.kind === "time" && input.type !== "DATE");
  return { narrow: !wide, most: Infinity };
}
