import { quote } from "../types.ts";
import type { InputFacts } from "./facts.ts";
import type { Input } from "./input.ts";
import type { LaneSpec, Plan, ValidityLanes, ValidityLanesSql } from "./plan.ts";

/** Alias of the relation in the stream's SQL. */
export const RELATION = "r";

/** The columns that the stream needs, each once, as SQL. Methods give a lane's index. */
export class Lanes {
  readonly specs: LaneSpec[] = [];
  readonly #via: Plan["via"];
  /** SQL of the code of a text column. */
  readonly #codeOf: (column: string) => string | undefined;

  constructor(via: Plan["via"], codeOf: (column: string) => string | undefined) {
    this.#via = via;
    this.#codeOf = codeOf;
  }

  /** How many events with a value there are (or events at all). */
  count(input: Input | undefined): number {
    return this.#add({ sql: input === undefined ? "count(*)" : `count(${columnOf(input)})`, wide: false });
  }

  /** Makes sure that some lane tells which events have a value. */
  mark(input: Input): void {
    if (this.specs.some(({ column }) => column === input.name)) return;
    const sql = `CASE WHEN ${columnOf(input)} IS NULL THEN NULL ELSE true END`;
    this.#add({ sql, wide: false, column: input.name });
  }

  /** The values as they are. */
  native(input: Input, { narrow }: InputFacts): number {
    return this.#add({ sql: this.#value(input), wide: !narrow, column: input.name });
  }

  extreme(step: "min" | "max", input: Input, known: InputFacts): number {
    if (this.#via === "events") return this.native(input, known);
    return this.#add({ sql: `${step}(${this.#value(input)})`, wide: !known.narrow, column: input.name });
  }

  double(input: Input): number {
    const sql = input.type === "DOUBLE" ? this.#value(input) : `CAST(${this.#value(input)} AS DOUBLE)`;
    return this.#add({ sql, wide: false, column: input.name });
  }

  /** What exact sums are made of. */
  sum(input: Input, known: InputFacts): number {
    if (this.#via === "events") return this.native(input, known);
    const column = columnOf(input);
    const value = input.type === "BOOLEAN"
      ? `CAST(${column} AS TINYINT)`
      : input.type === "UHUGEINT"
      ? `CAST(${column} AS HUGEINT)`
      : column;
    return this.#add({ sql: `sum(${value})`, wide: !known.narrow });
  }

  /** What sums of doubles are made of. */
  floatSum(input: Input, { fixed, special }: InputFacts): number {
    if (this.#via === "events") return this.double(input);
    if (fixed === undefined) throw new Error(`Sums of ${input.name} were planned without their fixed point`);
    const value = `CAST(${columnOf(input)} AS DOUBLE)`;
    const scaled = `CAST(${value} * CAST('${2 ** fixed.shift}' AS DOUBLE) AS HUGEINT)`;
    if (!special) return this.#add({ sql: `sum(${scaled})`, wide: false, fixed });
    return this.#add({
      sql: `sum(CASE WHEN isfinite(${value}) THEN ${scaled} END)`,
      wide: false,
      fixed,
      special: `sum(CASE WHEN NOT isfinite(${value}) THEN ${value} END)`,
    });
  }

  /** When rows leave windows, and where asked for, their order by time. */
  validity({ own, until, order }: ValidityLanesSql, ordered: boolean): ValidityLanes {
    const add = (sql: string) => this.#add({ sql, wide: false });
    return {
      own: add(own),
      ...(until === undefined ? {} : { until: add(until) }),
      ...(ordered ? { order: add(order) } : {}),
    };
  }

  /** Negative zero becomes zero: the two are equal, so that which one comes first would be chance. */
  #value(input: Input): string {
    const column = columnOf(input);
    if (input.kind === "float") return `(${column} + CAST(0 AS ${input.type}))`;
    return this.#codeOf(input.name) ?? column;
  }

  #add(spec: LaneSpec): number {
    const known = this.specs.findIndex(({ sql, wide }) => sql === spec.sql && wide === spec.wide);
    return known >= 0 ? known : this.specs.push(spec) - 1;
  }
}

function columnOf({ name }: Input): string {
  return `${RELATION}.${quote(name)}`;
}
