import type { Aggregation } from "../../../definitions/model.ts";
import type { MetricTask } from "../../task.ts";
import { quote } from "../types.ts";
import type { Dictionary } from "./dictionary.ts";
import { type Growing, growingIntegers, growingNumbers } from "./growing.ts";
import type { Input } from "./inputs.ts";
import {
  add,
  type Aggregator,
  countSum,
  deviation,
  distinctCount,
  exactSum,
  firstCode,
  larger,
  lastCode,
  median,
  smaller,
  twoStacks,
} from "./windows.ts";

/** A column that is streamed in: of partial aggregates by key and bucket, or of single events. Never NULL. */
export interface Lane {
  sql: string;
  type: "DOUBLE" | "INTEGER";
  rows: Growing<Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>>;
}

/** A column of the result table: one aggregate over one window, at each stamp. Never NULL. */
export interface State {
  column: string;
  /** DOUBLE, INTEGER, or the name of an ENUM. */
  type: string;
  window: number;
  aggregator: Aggregator;
  stamps: Growing<Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>>;
}

export interface Layout {
  lanes: Lane[];
  states: State[];
  /** The metrics' final columns, over the result table: `expression AS "name"`. */
  select: string[];
  /** Sums of large integers as HUGEINT, with the metric they belong to: to be checked for overflow. */
  large: { name: string; sql: string }[];
}

/** Aggregations that partial aggregates by bucket can't give: each event is streamed by itself. */
const OF_EVENTS: ReadonlySet<Aggregation> = new Set(["std", "median", "count_distinct", "first", "last"]);

/** Whether events must be streamed one by one: see above, or sums of doubles that no fixed point holds. */
export function needsEvents(metrics: readonly MetricTask[], inputs: ReadonlyMap<string, Input>): boolean {
  return metrics.some(({ aggregation, input }) => {
    const of = inputs.get(input);
    const sums = aggregation === "sum" || aggregation === "mean";
    return OF_EVENTS.has(aggregation) ||
      (sums && of?.family === "float" && (of.strange || of.fixedPoint === undefined));
  });
}

/** Values that min, max, first, last and count_distinct see as codes of a dictionary, not as doubles. */
export function needsDictionary(
  { aggregation, input }: MetricTask,
  inputs: ReadonlyMap<string, Input>,
): boolean {
  if (aggregation === "min" || aggregation === "max") {
    const of = inputs.get(input);
    return of === undefined || !of.small && of.family !== "float" || of.family === "decimal" || of.strange;
  }
  return aggregation === "count_distinct" || aggregation === "first" || aggregation === "last";
}

/** Limbs that large integers are split into: four hold 128 bits. */
const LIMB = "4294967296";
const LIMBS = 4;

/** Which columns are streamed, what is aggregated of them over which window, and how the metrics are made of that. */
export function layOut(
  metrics: readonly MetricTask[],
  inputs: ReadonlyMap<string, Input>,
  dictionaries: ReadonlyMap<string, Dictionary>,
  options: { events: boolean },
): Layout {
  const { events } = options;
  const layout: Layout = { lanes: [], states: [], select: [], large: [] };
  const states = new Map<string, State>();

  const number = (sql: string) => laneOf<Float64Array<ArrayBuffer>>(layout, sql, "DOUBLE", growingNumbers);
  const integer = (sql: string) => laneOf<Int32Array<ArrayBuffer>>(layout, sql, "INTEGER", growingIntegers);

  const numbers = (id: string, window: number, make: (out: () => Float64Array<ArrayBuffer>) => Aggregator) =>
    stateOf(id, window, "DOUBLE", growingNumbers(), make);
  const integers = (
    id: string,
    window: number,
    type: string,
    make: (out: () => Int32Array<ArrayBuffer>) => Aggregator,
  ) => stateOf(id, window, type, growingIntegers(), make);
  function stateOf<A extends Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>>(
    id: string,
    window: number,
    type: string,
    stamps: Growing<A>,
    make: (out: () => A) => Aggregator,
  ): string {
    const key = `${id} ${window}`;
    let state = states.get(key);
    if (state === undefined) {
      const aggregator = make(() => stamps.array);
      state = { column: `s${states.size}`, type, window, aggregator, stamps };
      states.set(key, state);
      layout.states.push(state);
    }
    return state.column;
  }

  /** Over the rows of a bucket, or of the single event. */
  const over = (aggregate: string, event: string) => events ? event : aggregate;

  const rowCount = (window: number) => {
    const lane = integer(over("CAST(count(*) AS INTEGER)", "1"));
    return integers("rows", window, "INTEGER", (out) => countSum(lane, out));
  };
  const presence = (column: string) =>
    integer(over(`CAST(count(${column}) AS INTEGER)`, `CAST(${column} IS NOT NULL AS INTEGER)`));
  const count = (column: string, window: number) => {
    const lane = presence(column);
    return integers(`count ${column}`, window, "INTEGER", (out) => countSum(lane, out));
  };

  /** The sum over a window: an expression, in DOUBLE for floats, else in HUGEINT units of the last digit. */
  const sum = (input: Input, window: number): { sql: string; large: boolean } => {
    const column = quote(input.name);
    if (input.family === "float") {
      const value = `CAST(${column} AS DOUBLE)`;
      const power = 2 ** (input.fixedPoint ?? 0);
      const lane = number(over(
        `coalesce(CAST(sum(CAST(${value} * ${power}::DOUBLE AS HUGEINT)) AS DOUBLE) / ${power}::DOUBLE, 0)`,
        `coalesce(${value}, 0)`,
      ));
      return { sql: numbers(`sum ${column}`, window, (out) => twoStacks(0, add, lane, out)), large: false };
    }
    const value = input.family === "boolean" ? `CAST(${column} AS INTEGER)` : column;
    const total = `coalesce(${over(`sum(${value})`, value)}, 0)`;
    if (input.small) {
      const units = input.scale === 0
        ? `CAST(${total} AS DOUBLE)`
        : `round(CAST(${total} AS DOUBLE) * 1e${input.scale})`;
      const lane = number(units);
      return { sql: numbers(`sum ${column}`, window, (out) => exactSum(lane, out)), large: false };
    }
    // Truncated division and its remainder are exact, and both can be summed up.
    let rest = input.scale === 0
      ? `CAST(${total} AS HUGEINT)`
      : `CAST(replace(CAST(CAST(${total} AS DECIMAL(38, ${input.scale})) AS VARCHAR), '.', '') AS HUGEINT)`;
    const limbs: string[] = [];
    for (let i = 0; i < LIMBS; i++) {
      const lane = number(`CAST((${rest}) ${i < LIMBS - 1 ? `% ${LIMB}` : ""} AS DOUBLE)`);
      rest = `(${rest}) // ${LIMB}`;
      limbs.push(numbers(`limb ${i} ${column}`, window, (out) => exactSum(lane, out)));
    }
    const sql = limbs.reduceRight(
      (high, limb) => `(${high}) * ${LIMB}::HUGEINT + CAST(${limb} AS HUGEINT)`,
      "0::HUGEINT",
    );
    return { sql, large: true };
  };

  const extreme = (input: Input, window: number, which: "min" | "max") => {
    const column = quote(input.name);
    const none = which === "min" ? Infinity : -Infinity;
    const pick = which === "min" ? smaller : larger;
    const missing = which === "min" ? "'inf'::DOUBLE" : "'-inf'::DOUBLE";
    const dictionary = dictionaries.get(input.name);
    const value = dictionary === undefined ? column : dictionary.code;
    const lane = number(`coalesce(CAST(${over(`${which}(${value})`, value)} AS DOUBLE), ${missing})`);
    const id = `${which} ${column}`;
    if (dictionary === undefined) return numbers(id, window, (out) => twoStacks(none, pick, lane, out));
    const found = growingNumbers();
    return integers(id, window, dictionary.type, (out) => {
      const inner = twoStacks(none, pick, lane, () => found.array);
      return {
        run(frame) {
          found.reserve(frame.stamps);
          inner.run(frame);
          const codes = out();
          for (let s = 0; s < frame.stamps; s++) {
            codes[s] = Number.isFinite(found.array[s]) ? found.array[s]! : 0;
          }
        },
      };
    });
  };

  for (const metric of metrics) {
    const { aggregation, window } = metric;
    const as = (sql: string) => layout.select.push(`${sql} AS ${quote(metric.name)}`);
    const input = inputs.get(metric.input);
    if (input === undefined) {
      as(`CAST(${rowCount(window)} AS BIGINT)`);
      continue;
    }
    const column = quote(input.name);
    const some = (sql: string, least = 1) =>
      as(`CASE WHEN ${count(column, window)} >= ${least} THEN ${sql} END`);
    const dictionary = dictionaries.get(input.name);
    const value = `coalesce(CAST(${column} AS DOUBLE), 0)`;
    switch (aggregation) {
      case "count":
        as(`CAST(${count(column, window)} AS BIGINT)`);
        break;
      case "sum": {
        const { sql, large } = sum(input, window);
        if (large && input.family === "integer") layout.large.push({ name: metric.name, sql });
        if (input.family === "float") as(sql);
        else if (input.family === "decimal") as(decimal(sql, input.scale, large));
        else as(`CAST(${sql} AS BIGINT)`);
        break;
      }
      case "mean": {
        const { sql } = sum(input, window);
        const scaled = input.scale === 0
          ? `CAST(${sql} AS DOUBLE)`
          : `CAST(${sql} AS DOUBLE) / 1e${input.scale}`;
        some(`${scaled} / ${count(column, window)}`);
        break;
      }
      case "min":
      case "max": {
        const state = extreme(input, window, aggregation);
        some(dictionary === undefined ? `CAST(${state} AS ${input.type})` : dictionary.decode(state));
        break;
      }
      case "std": {
        const [rows, present] = [number(value), presence(column)];
        some(numbers(`std ${column}`, window, (out) => deviation(rows, present, out)), 2);
        break;
      }
      case "median": {
        const [rows, present] = [number(value), presence(column)];
        some(numbers(`median ${column}`, window, (out) => median(rows, present, out)));
        break;
      }
      case "count_distinct":
      case "first":
      case "last": {
        if (dictionary === undefined) throw new Error(`${column} has no dictionary`);
        const codes = integer(`coalesce(CAST(${dictionary.code} AS INTEGER), -1)`);
        const id = `${aggregation} ${column}`;
        if (aggregation === "count_distinct") {
          as(
            `CAST(${
              integers(id, window, "INTEGER", (out) => distinctCount(codes, dictionary.size, out))
            } AS BIGINT)`,
          );
        } else {
          const make = aggregation === "first" ? firstCode : lastCode;
          some(dictionary.decode(integers(id, window, dictionary.type, (out) => make(codes, out))));
        }
        break;
      }
    }
  }
  return layout;
}

function laneOf<A extends Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>>(
  layout: Layout,
  sql: string,
  type: Lane["type"],
  make: () => Growing<A>,
): () => A {
  let lane = layout.lanes.find((l) => l.sql === sql && l.type === type);
  if (lane === undefined) {
    lane = { sql, type, rows: make() };
    layout.lanes.push(lane);
  }
  const { rows } = lane;
  return () => rows.array as A;
}

/** An integer in units of the last digit as the decimal it stands for, DECIMAL(38, scale). */
function decimal(units: string, scale: number, large: boolean): string {
  if (scale === 0) return `CAST(${units} AS DECIMAL(38, 0))`;
  if (!large) {
    const unit = `CAST('${(0).toFixed(scale).slice(0, -1)}1' AS DECIMAL(${scale + 1}, ${scale}))`;
    return `CAST(CAST(CAST(${units} AS BIGINT) AS DECIMAL(18, 0)) * ${unit} AS DECIMAL(38, ${scale}))`;
  }
  const digits = `lpad(CAST(abs(${units}) AS VARCHAR), greatest(${
    scale + 1
  }, length(CAST(abs(${units}) AS VARCHAR))), '0')`;
  const text = `concat(CASE WHEN ${units} < 0 THEN '-' ELSE '' END, ${digits}[:-${
    scale + 1
  }], '.', ${digits}[-${scale}:])`;
  return `CAST(${text} AS DECIMAL(38, ${scale}))`;
}
