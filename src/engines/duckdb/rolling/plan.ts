import type { MetricTask } from "../../task.ts";
import type { Facts, InputFacts } from "./facts.ts";
import type { FixedPoint } from "./fixed_point.ts";
import type { Input } from "./input.ts";
import { Lanes } from "./plan_lanes.ts";

/** A column of the stream beside keys and bucket. */
export interface LaneSpec {
  sql: string;
  /** Its values do not fit in a double. */
  wide: boolean;
  /** It holds sums in fixed point. */
  fixed?: FixedPoint;
  /** A column after it: the values that stand instead of this one's, where they are not NULL. */
  special?: string;
  /** The input whose NULLs it shows. */
  column?: string;
}

export type Step =
  /** Number of the view's items. */
  | "size"
  /** Number of events, of which each row holds how many it stands for. */
  | "count_total"
  /** Exact sum. */
  | "total"
  | "float_total"
  | "mean"
  | "min"
  | "max"
  | "std"
  | "median"
  | "count_distinct"
  | "first"
  | "last";

/** One aggregation of one column. */
export interface AggregateSpec {
  step: Step;
  /** None: all rows. */
  input: Input | undefined;
  /** Index of the lane it takes its values from. */
  lane: number | undefined;
  /** For a mean: the aggregates it divides. */
  of?: { sum: AggregateSpec; count: AggregateSpec };
  /** Its results are bigints. */
  wide: boolean;
  /** Indexes into the plan's windows; a result for each. */
  windows: Set<number>;
}

/** A metric and what it is computed from. */
export interface PlannedMetric {
  metric: MetricTask;
  input: Input | undefined;
  /** Index into the plan's windows. */
  window: number;
  aggregate: AggregateSpec;
  /** A mean that is this one's quotient of two metrics that are asked for as well: nothing of its own is kept. */
  divisor?: AggregateSpec;
}

/** Indexes of lanes that say when rows leave windows, and their place among the key's rows by time. */
export interface ValidityLanes {
  /** The bucket of the row's own time. */
  own: number;
  /** The bucket in which it is replaced, or NULL. */
  until?: number;
  /** From 1 on; only where first or last are asked for. */
  order?: number;
}

/** The same as SQL. */
export interface ValidityLanesSql {
  own: string;
  until?: string;
  order: string;
}

export interface Plan {
  /** Events are streamed as they are, or DuckDB joins those of one key and bucket first. */
  via: "events" | "partials";
  /** In buckets, ascending. */
  windows: number[];
  lanes: LaneSpec[];
  /** The lane that says how many events a row stands for; undefined where each is one. */
  events: number | undefined;
  /** In an order in which they can run. */
  aggregates: AggregateSpec[];
  metrics: PlannedMetric[];
  /** Rows enter windows at another moment than their own; absent where their time says all. */
  validity?: ValidityLanes;
}

export function planMetrics(
  metrics: readonly MetricTask[],
  inputs: readonly Input[],
  facts: Facts,
  { interval, codeOf, validity }: {
    /** In seconds. */
    interval: number;
    /** SQL of the code of a text column. */
    codeOf: (column: string) => string | undefined;
    validity?: ValidityLanesSql | undefined;
  },
): Plan {
  const via = facts.addUp ? "partials" : "events";
  const windows = [...new Set(metrics.map(({ window }) => window / interval))].sort((a, b) => a - b);
  const lanes = new Lanes(via, codeOf);
  const aggregates = new Map<string, AggregateSpec>();

  const add = (step: Step, input: Input | undefined, window: number, make: () => Partial<AggregateSpec>) => {
    const name = `${step} ${input?.name ?? ""} ${input === undefined}`;
    let spec = aggregates.get(name);
    if (spec === undefined) {
      spec = { step, input, lane: undefined, wide: false, windows: new Set(), ...make() };
      aggregates.set(name, spec);
    }
    spec.windows.add(window);
    return spec;
  };
  const count = (input: Input | undefined, window: number) =>
    via === "partials"
      ? add("count_total", input, window, () => ({ lane: lanes.count(input) }))
      : add("size", input, window, () => ({}));
  const sum = (input: Input, known: InputFacts, window: number) =>
    input.kind === "float"
      ? add("float_total", input, window, () => ({ lane: lanes.floatSum(input, known) }))
      : add("total", input, window, () => ({ lane: lanes.sum(input, known), wide: !known.narrow }));

  const planned = metrics.map((metric): PlannedMetric => {
    const window = windows.indexOf(metric.window / interval);
    const input = inputs.find(({ name }) => metric.input !== "*" && name === metric.input);
    const done = (aggregate: AggregateSpec) => ({ metric, input, window, aggregate });
    const known = input && facts.ofInput.get(input.name);
    if (metric.aggregation === "count" || input === undefined || known === undefined) {
      return done(count(input, window));
    }
    const step = metric.aggregation;
    switch (step) {
      case "sum":
        return done(sum(input, known, window));
      case "mean": {
        const of = { sum: sum(input, known, window), count: count(input, window) };
        if (input.kind !== "decimal" && bothAsked(metric, metrics)) {
          return { ...done(of.sum), divisor: of.count };
        }
        return done(add("mean", input, window, () => ({ of })));
      }
      case "std":
      case "median":
        return done(add(step, input, window, () => ({ lane: lanes.double(input) })));
      case "min":
      case "max":
        return done(add(step, input, window, () => ({
          lane: lanes.extreme(step, input, known),
          wide: !known.narrow,
        })));
      case "count_distinct":
        return done(add(step, input, window, () => ({ lane: lanes.native(input, known) })));
      case "first":
      case "last":
        return done(add(step, input, window, () => ({
          lane: lanes.native(input, known),
          wide: !known.narrow,
        })));
    }
  });
  for (const { step, input } of aggregates.values()) if (step === "size" && input) lanes.mark(input);
  const events = via === "partials" ? lanes.count(undefined) : undefined;
  const all = [...aggregates.values()];
  return {
    via,
    windows,
    events,
    aggregates: all,
    metrics: planned,
    ...(validity === undefined ? {} : { validity: lanes.validity(validity, all.some(isEdge)) }),
    lanes: lanes.specs,
  };
}

const isEdge = ({ step }: AggregateSpec) => step === "first" || step === "last";

/** Sum and count of the same column and window are metrics, too. */
function bothAsked({ input, window }: MetricTask, metrics: readonly MetricTask[]): boolean {
  const same = metrics.filter((other) => other.input === input && other.window === window);
  return same.some((m) => m.aggregation === "sum") && same.some((m) => m.aggregation === "count");
}
