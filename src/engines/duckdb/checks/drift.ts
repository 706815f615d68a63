import type { Check } from "../../../definitions/checks/model.ts";
import { checkName } from "../../../definitions/checks/model.ts";
import { MlforgeError } from "../../../error.ts";
import type { ColumnStatistics } from "../../../publish/meta.ts";
import { type Baseline, meanShift, nullShift, populationStability } from "../../drift.ts";
import type { FeatureTask } from "../../task.ts";
import type { Taker } from "../statistics/column.ts";
import { Histogram } from "../statistics/histogram.ts";
import { kindOf, unitsOfText } from "../statistics/range.ts";
import { arrowName, type Column } from "../types.ts";
import { columnOf } from "./probe.ts";
import type { CheckResult } from "./result.ts";

type Drift = Check & { kind: "drift" };

/** Drift checks of a feature, which take their part in the pass that gathers statistics. */
export interface DriftChecks {
  /** By column: what its values have to be counted by. */
  takers: ReadonlyMap<string, Taker[]>;
  judge(statistics: Readonly<Record<string, ColumnStatistics>>, rows: number): CheckResult[];
}

/** Prepares the task's drift checks. One that can't be asked of its column's type throws. */
export function driftChecks(
  { feature, checks, baselines, keys, now }: FeatureTask,
  columns: readonly Column[],
): DriftChecks {
  const takers = new Map<string, Taker[]>();
  const judges = checks.filter((check): check is Drift => check.kind === "drift").map((check) => {
    const column = columnOf(check, check.column, { feature, from: "", columns, keys, now });
    refuseOther(check, column, feature);
    const baseline = baselines[check.against];
    const before = baseline?.statistics[check.column];
    const bins = check.measure === "psi" ? binsOf(before, column) : undefined;
    if (bins !== undefined) takers.set(check.column, [...takers.get(check.column) ?? [], bins]);
    return (statistics: Readonly<Record<string, ColumnStatistics>>, rows: number): CheckResult => {
      const after = statistics[check.column];
      if (baseline === undefined || before === undefined || after === undefined) {
        return skipped(check, baseline);
      }
      const value = measured(check, { baseline, before, after, bins, rows });
      return value === undefined ? skipped(check, baseline) : result(check, value, baseline.version);
    };
  });
  return { takers, judge: (statistics, rows) => judges.map((judge) => judge(statistics, rows)) };
}

function refuseOther(check: Drift, { type }: Column, feature: string): void {
  const kind = kindOf(type);
  const right = check.measure === "null_rate" ||
    (check.measure === "psi" ? kind === "number" || kind === "time" : kind === "number" || kind === "truth");
  if (right) return;
  const hint = check.measure === "psi" ? "psi is of numbers and times." : "mean is of numbers.";
  throw new MlforgeError(
    "usage",
    `Check ${checkName(check)} of feature "${feature}" can't measure ${check.measure} of type ${
      arrowName(type)
    }`,
    { place: check.place, hint },
  );
}

/** The baseline's bins, to be filled with what the values are now. */
function binsOf(before: ColumnStatistics | undefined, { type }: Column): Histogram | undefined {
  const histogram = before?.histogram;
  if (histogram === undefined) return undefined;
  const [from, to] = [histogram.from, histogram.to].map((end) =>
    typeof end === "number" ? end : unitsOfText(type, end)
  );
  return from === undefined || to === undefined ? undefined : new Histogram(from, to);
}

function measured(
  check: Drift,
  { baseline, before, after, bins, rows }: {
    baseline: Baseline;
    before: ColumnStatistics;
    after: ColumnStatistics;
    bins: Histogram | undefined;
    rows: number;
  },
): number | undefined {
  switch (check.measure) {
    case "null_rate":
      return nullShift({ nulls: before.nulls, rows: baseline.rows }, { nulls: after.nulls, rows });
    case "mean":
      return meanShift(before, after);
    case "psi":
      // What lies outside of all that was is a bin of its own on either side.
      return bins && before.histogram &&
        populationStability([0, ...before.histogram.counts, 0], [bins.below, ...bins.counts, bins.above]);
  }
}

function result(check: Drift, value: number, version: string): CheckResult {
  const passed = value <= check.threshold;
  const shown = Number(value.toPrecision(4));
  const found = `${check.measure} is ${shown} against ${version}, and may be ${check.threshold}`;
  return { check, passed, failing: 0, looked: 0, ...(passed ? {} : { found }) };
}

/** There is nothing to compare with: a first build, or a version without such statistics. */
function skipped(check: Drift, baseline: Baseline | undefined): CheckResult {
  const against = baseline?.version ?? (check.against === "previous" ? "no version" : check.against);
  const why = baseline === undefined && check.against === "previous"
    ? "nothing is published yet"
    : `${against} has no such statistics`;
  return { check, passed: true, failing: 0, looked: 0, skipped: why };
}
