import { Mean } from "../aggregate/mean.ts";
import { refuseDeviation } from "../aggregate/moments.ts";
import type { NumberLane, WideLane } from "../lane.ts";
import type { Moving } from "../moving.ts";
import type { Pending } from "../pending.ts";
import type { AggregateSpec, Plan, ValidityLanes } from "../plan.ts";
import { type Aggregate, NumberResult, type NumberResults, type Result, WideResult } from "../result.ts";
import { HeldDeviation } from "./deviation.ts";
import { HeldDistinct } from "./distinct.ts";
import { HeldFloatTotal } from "./float_total.ts";
import { Following, type Held } from "./held.ts";
import { Moves, type WindowMoves } from "./moves.ts";
import { byIdentity, byNumber, byPlace, byWide, type Order } from "./order.ts";
import { HeldRanked, median, READINGS } from "./ranked.ts";
import { HeldCount, HeldTotal, HeldWideTotal } from "./sums.ts";

/** Rows that may be known late, or replaced: they leave in another order than they enter in. */
export function inAnyOrder(plan: Plan, lanes: ValidityLanes, pending: Pending, last: number): Moving {
  const { own, until } = lanes;
  const leaving = {
    own: numberLane(pending, own),
    until: until === undefined ? undefined : numberLane(pending, until),
  };
  const moves = new Moves(plan.windows, leaving, last);
  const maker = new Maker(plan, lanes, pending, moves.windows);
  const aggregates = plan.aggregates.map((spec) => spec.wide ? maker.makeWide(spec) : maker.make(spec));
  return { stamps: moves, views: [], aggregates, results: maker.results };
}

/** Makes aggregations, and what their results go into. */
class Maker {
  readonly results = new Map<AggregateSpec, (Result | undefined)[]>();
  readonly #plan: Plan;
  readonly #lanes: ValidityLanes;
  readonly #pending: Pending;
  readonly #windows: readonly WindowMoves[];

  constructor(plan: Plan, lanes: ValidityLanes, pending: Pending, windows: readonly WindowMoves[]) {
    this.#plan = plan;
    this.#lanes = lanes;
    this.#pending = pending;
    this.#windows = windows;
  }

  make(spec: AggregateSpec): Aggregate {
    const pending = this.#pending;
    const { step, input } = spec;
    const results: NumberResults = this.#resultsOf(spec, () => new NumberResult());
    const follow = (
      lane: NumberLane | WideLane | undefined,
      hold: (result: NumberResult) => Held,
      order?: { begin(): void },
    ) => this.#follow(lane, results.map((result) => result && hold(result)), order);
    const lane = () => numberLane(pending, spec.lane);
    const ranked = (order: Order<number>, read: typeof median) =>
      follow(lane(), (result) => new HeldRanked(order, result, read), order);
    switch (step) {
      case "size":
        return follow(this.#marked(input?.name), (result) => new HeldCount(result));
      case "total":
        return follow(lane(), (result) => new HeldTotal(pending, lane(), result));
      case "float_total":
        return follow(lane(), (result) => new HeldFloatTotal(pending, lane(), result));
      case "mean": {
        const counts = (this.results.get(spec.of!.count) ?? []) as NumberResults;
        return new Mean(this.results.get(spec.of!.sum) ?? [], counts, results, input?.scale ?? 0);
      }
      case "std": {
        const refuse = () => refuseDeviation(input?.name ?? "");
        return follow(lane(), (result) => new HeldDeviation(pending, lane(), result, refuse));
      }
      case "median":
        return ranked(byNumber(pending, lane()), median);
      case "min":
      case "max":
        return ranked(byNumber(pending, lane()), READINGS[step]);
      case "first":
      case "last": {
        const of = lane();
        return ranked(byPlace(pending, this.#places(), (row) => of.values[row]!), READINGS[step]);
      }
      case "count_distinct": {
        const of = pending.lanes[spec.lane!]!;
        const order = byIdentity(pending, of);
        return follow(of, (result) => new HeldDistinct(order, result), order);
      }
      case "count_total":
        throw new Error("Nothing is added up before it is known");
    }
  }

  makeWide(spec: AggregateSpec): Aggregate {
    const pending = this.#pending;
    const { step } = spec;
    const lane = pending.lanes[spec.lane!];
    if (lane?.kind !== "wide") throw new Error(`Lane ${spec.lane} holds no bigints`);
    const results = this.#resultsOf(spec, () => new WideResult());
    const ranked = (order: Order<bigint>, read: (typeof READINGS)[keyof typeof READINGS]) =>
      this.#follow(lane, results.map((result) => result && new HeldRanked(order, result, read)), order);
    switch (step) {
      case "total":
        return this.#follow(
          lane,
          results.map((result) => result && new HeldWideTotal(pending, lane, result)),
        );
      case "min":
      case "max":
        return ranked(byWide(pending, lane), READINGS[step]);
      case "first":
      case "last":
        return ranked(byPlace(pending, this.#places(), (row) => lane.values[row]!), READINGS[step]);
      default:
        throw new Error(`${step} has no wide results`);
    }
  }

  #resultsOf<T extends Result>(spec: AggregateSpec, make: () => T): (T | undefined)[] {
    const results = this.#plan.windows.map((_, w) => spec.windows.has(w) ? make() : undefined);
    this.results.set(spec, results);
    return results;
  }

  #follow(
    lane: NumberLane | WideLane | undefined,
    held: readonly (Held | undefined)[],
    order?: { begin(): void },
  ): Following {
    return new Following(this.#windows, held, { pending: this.#pending, lane, order });
  }

  /** A lane that tells which rows hold a value of the column; none for all rows. */
  #marked(column: string | undefined): NumberLane | WideLane | undefined {
    if (column === undefined) return undefined;
    return this.#pending.lanes.find((_, i) => this.#plan.lanes[i]?.column === column);
  }

  #places(): NumberLane {
    return numberLane(this.#pending, this.#lanes.order);
  }
}

function numberLane(pending: Pending, at: number | undefined): NumberLane {
  const lane = pending.lanes[at!];
  if (lane?.kind !== "number") throw new Error(`Lane ${at} holds no doubles`);
  return lane;
}
