import { MlforgeError } from "../../../error.ts";
import { Distinct } from "./aggregate/distinct.ts";
import { Edge, WideEdge } from "./aggregate/edge.ts";
import { Extreme, WideExtreme } from "./aggregate/extreme.ts";
import { FloatTotal } from "./aggregate/float_total.ts";
import { Mean } from "./aggregate/mean.ts";
import { Median } from "./aggregate/median.ts";
import { Deviation } from "./aggregate/moments.ts";
import { Size, Total, WideTotal } from "./aggregate/total.ts";
import type { NumberLane, WideLane } from "./lane.ts";
import type { Pending } from "./pending.ts";
import { VECTOR } from "./physical.ts";
import type { AggregateSpec, Plan } from "./plan.ts";
import { type Aggregate, NumberResult, type NumberResults, type Result, WideResult } from "./result.ts";
import { Stamps } from "./stamps.ts";
import { AllRows, BucketSums, RowsWithValue, type View } from "./view.ts";

/**
 * Takes the pending rows key by key and fills chunks of results: first the stamps of a key and what lies in each window
 * there, then, aggregation by aggregation, all its rows in one go, so that the innermost loops are over plain arrays.
 */
export class Kernel {
  readonly stamps: Stamps;
  /** Rows of the chunk that is being made. */
  rows = 0;
  readonly #pending: Pending;
  readonly #views: View[] = [];
  readonly #aggregates: Aggregate[];
  readonly #results = new Map<AggregateSpec, (Result | undefined)[]>();
  readonly #onKey: (pending: Pending, first: number, last: number) => void;
  #inKey = false;

  /** `onKey` writes the current key into the rows `first..last` of the chunk. No stamp will be beyond `last`. */
  constructor(
    plan: Plan,
    pending: Pending,
    last: number,
    onKey: (pending: Pending, first: number, last: number) => void,
  ) {
    this.#pending = pending;
    this.#onKey = onKey;
    this.stamps = new Stamps(plan.windows, last);
    const views = new Views(plan, pending, this.stamps, this.#views);
    this.#aggregates = plan.aggregates.map((spec) => this.#make(spec, plan, views));
  }

  results(spec: AggregateSpec): readonly (Result | undefined)[] {
    return this.#results.get(spec) ?? [];
  }

  /** Goes on until a chunk is full (true: to be taken, and `rows` set back to 0) or there is no whole key (false). */
  fill(): boolean {
    for (;;) {
      if (!this.#inKey) {
        if (!this.#pending.next()) return false;
        this.stamps.begin(this.#pending.buckets, this.#pending.from, this.#pending.to);
        for (const view of this.#views) view.begin();
        for (const aggregate of this.#aggregates) aggregate.begin();
        this.#inKey = true;
      }
      const first = this.rows;
      const last = this.stamps.fill(first);
      if (last > first) {
        for (const view of this.#views) view.follow(first, last);
        for (const aggregate of this.#aggregates) aggregate.run(first, last);
        this.#onKey(this.#pending, first, last);
        this.rows = last;
      }
      if (last === VECTOR) return true;
      this.#inKey = false;
    }
  }

  #make(spec: AggregateSpec, plan: Plan, views: Views): Aggregate {
    const { step, input, lane } = spec;
    if (spec.wide) return this.#makeWide(spec, plan, views);
    const results: NumberResults = plan.windows.map((_, w) =>
      spec.windows.has(w) ? new NumberResult() : undefined
    );
    this.#results.set(spec, [...results]);
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
          this.#results.get(spec.of!.sum) ?? [],
          (this.#results.get(spec.of!.count) ?? []) as NumberResults,
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

  #makeWide(spec: AggregateSpec, plan: Plan, views: Views): Aggregate {
    const { step, lane } = spec;
    const results = plan.windows.map((_, w) => spec.windows.has(w) ? new WideResult() : undefined);
    this.#results.set(spec, [...results]);
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
}

function refuseDeviation(column: string): never {
  throw new MlforgeError("failed", `The std of column "${column}" is no number in some window`, {
    hint:
      `A value is NaN, infinite or too large: leave it out in SQL, with CASE WHEN isfinite(...) THEN ... END.`,
  });
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
