import { Distinct } from "./aggregate/distinct.ts";
import { Edge, WideEdge } from "./aggregate/edge.ts";
import { Extreme, WideExtreme } from "./aggregate/extreme.ts";
import { FloatTotal } from "./aggregate/float_total.ts";
import { Mean } from "./aggregate/mean.ts";
import { Median } from "./aggregate/median.ts";
import { Deviation, refuseDeviation } from "./aggregate/moments.ts";
import { Size, Total, WideTotal } from "./aggregate/total.ts";
import type { NumberLane, WideLane } from "./lane.ts";
import type { Moving } from "./moving.ts";
import type { Pending } from "./pending.ts";
import type { AggregateSpec, Plan } from "./plan.ts";
import { type Aggregate, NumberResult, type NumberResults, type Result, WideResult } from "./result.ts";
import { Stamps } from "./stamps.ts";
import { AllRows, BucketSums, RowsWithValue, type View } from "./view.ts";

/** Rows that enter in the order in which they leave, as those do that are known when they happen. */
export function inOrder(plan: Plan, pending: Pending, last: number): Moving {
  const stamps = new Stamps(plan.windows, last);
  const views: View[] = [];
  const needed = new Views(plan, pending, stamps, views);
  const results: Made = new Map();
  const aggregates = plan.aggregates.map((spec) => make(spec, plan, needed, results));
  return { stamps, views, aggregates, results };
}

type Made = Map<AggregateSpec, (Result | undefined)[]>;

function make(spec: AggregateSpec, plan: Plan, views: Views, made: Made): Aggregate {
  const { step, input, lane } = spec;
  if (spec.wide) return makeWide(spec, plan, views, made);
  const results: NumberResults = plan.windows.map((_, w) =>
    spec.windows.has(w) ? new NumberResult() : undefined
  );
  made.set(spec, [...results]);
  switch (step) {
    case "size":
      return new Size(input === undefined ? views.all() : views.withValue(input.name), results);
    case "count_total":
    case "total":
      return new Total(views.allOf(lane), results);
    case "float_total":
      return new FloatTotal(plan.via === "partials" ? views.allOf(lane) : views.bucketSums(lane), results);
    case "mean":
      return new Mean(
        made.get(spec.of!.sum) ?? [],
        (made.get(spec.of!.count) ?? []) as NumberResults,
        results,
        input?.scale ?? 0,
      );
    case "min":
    case "max":
      return new Extreme(views.numbers(lane), results, step);
    case "std":
      return new Deviation(views.numbers(lane), results, () => refuseDeviation(input?.name ?? ""));
    case "median":
      return new Median(views.numbers(lane), results);
    case "count_distinct":
      return plan.lanes[lane!]!.wide
        ? Distinct.ofWides(views.wides(lane), results)
        : Distinct.ofNumbers(views.numbers(lane), results);
    case "first":
    case "last":
      return new Edge(views.numbers(lane), results, step);
  }
}

function makeWide(spec: AggregateSpec, plan: Plan, views: Views, made: Made): Aggregate {
  const { step, lane } = spec;
  const results = plan.windows.map((_, w) => spec.windows.has(w) ? new WideResult() : undefined);
  made.set(spec, [...results]);
  switch (step) {
    case "total":
      return new WideTotal(views.allOfWide(lane), results);
    case "min":
    case "max":
      return new WideExtreme(views.wides(lane), results, step);
    case "first":
    case "last":
      return new WideEdge(views.wides(lane), results, step);
    default:
      throw new Error(`${step} has no wide results`);
  }
}

/** The views that the aggregations need, each made once. */
class Views {
  readonly #plan: Plan;
  readonly #pending: Pending;
  readonly #stamps: Stamps;
  readonly #made: View[];
  #all: AllRows | undefined;
  readonly #withValue = new Map<string, RowsWithValue>();
  readonly #sums = new Map<number, BucketSums>();

  constructor(plan: Plan, pending: Pending, stamps: Stamps, made: View[]) {
    this.#plan = plan;
    this.#pending = pending;
    this.#stamps = stamps;
    this.#made = made;
  }

  all(): AllRows {
    return this.#all ??= this.#keep(new AllRows(this.#pending, this.#stamps));
  }

  withValue(column: string): RowsWithValue {
    let view = this.#withValue.get(column);
    if (view === undefined) {
      const lanes = this.#pending.lanes.filter((_, i) => this.#plan.lanes[i]?.column === column);
      view = this.#keep(new RowsWithValue(this.#pending, this.#stamps, lanes));
      this.#withValue.set(column, view);
    }
    return view;
  }

  bucketSums(lane: number | undefined) {
    let view = this.#sums.get(lane!);
    if (view === undefined) {
      view = this.#keep(new BucketSums(this.#pending, this.#stamps, this.#number(lane)));
      this.#sums.set(lane!, view);
    }
    return view.numbers();
  }

  allOf(lane: number | undefined) {
    const of = this.#number(lane);
    return { view: this.all(), values: () => of.values };
  }

  allOfWide(lane: number | undefined) {
    const of = this.#wide(lane);
    return { view: this.all(), values: () => of.values };
  }

  numbers(lane: number | undefined) {
    return this.withValue(this.#column(lane)).numbers(this.#number(lane));
  }

  wides(lane: number | undefined) {
    return this.withValue(this.#column(lane)).wides(this.#wide(lane));
  }

  #keep<T extends View>(view: T): T {
    this.#made.push(view);
    return view;
  }

  #column(lane: number | undefined): string {
    return this.#plan.lanes[lane!]!.column!;
  }

  #number(lane: number | undefined): NumberLane {
    const found = this.#pending.lanes[lane!];
    if (found?.kind !== "number") throw new Error(`Lane ${lane} holds no doubles`);
    return found;
  }

  #wide(lane: number | undefined): WideLane {
    const found = this.#pending.lanes[lane!];
    if (found?.kind !== "wide") throw new Error(`Lane ${lane} holds no bigints`);
    return found;
  }
}
