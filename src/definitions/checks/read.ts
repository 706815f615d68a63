import { nearest, suggestName } from "../../nearest.ts";
import { definedOnly } from "../check_source.ts";
import { parseDuration } from "../duration.ts";
import type { Source } from "../model.ts";
import type { Reporter } from "../reporter.ts";
import type { Check, ColumnCheck } from "./model.ts";
import type { RawCheck, RawCheckKind } from "./schema.ts";

/** What checks of one feature can name. */
export interface CheckScope {
  feature: string;
  /** Whether the checks look at what the transform gives, or at the feature's rows. */
  on: "input" | "output";
  /** Whether the feature has a timestamp. */
  timed: boolean;
  /** The columns of the feature's rows, where definitions alone tell them. */
  columns?: readonly string[] | undefined;
  /** Columns that are left out of statistics. */
  hidden: readonly string[];
  sources: ReadonlyMap<string, Source | undefined>;
  features: readonly string[];
}

/** Checks that can only stand in one of the two lists. */
const ONLY: Partial<Record<RawCheckKind, CheckScope["on"]>> = {
  fresh: "input",
  not_in_future: "input",
  drift: "output",
};
const WORDS = { input: "input checks", output: "checks" } as const;

/** Checks that look at no single rows, of which a share could pass. */
const WITHOUT_ROWS = new Set<RawCheckKind>(["row_count", "type", "fresh", "drift"]);

/** Makes checks of what has the right shape, one for each column; what is wrong with them goes to `report`. */
export function readChecks(scope: CheckScope, raw: readonly RawCheck[], report: Reporter): Check[] {
  return raw.flatMap((one, i) => readCheck(scope, one, report.below(i)));
}

function readCheck(scope: CheckScope, raw: RawCheck, report: Reporter): Check[] {
  const what = `Check ${raw.check} of feature "${scope.feature}"`;
  const only = ONLY[raw.check];
  if (only !== undefined && only !== scope.on) {
    report.at(["check"], `${what} stands among its ${WORDS[scope.on]}`, `It is one of the ${WORDS[only]}.`);
  }
  if (raw.mostly !== undefined && WITHOUT_ROWS.has(raw.check)) {
    report.key(
      ["mostly"],
      `${what} has "mostly", but looks at no single rows`,
      `Take it away, or say severity: warn.`,
    );
  }
  const common = { severity: raw.severity ?? "error", ...definedOnly({ mostly: raw.mostly }) } as const;
  return bodies(scope, raw, what, report).map((body) => ({
    ...definedOnly(body),
    ...common,
    place: report.place("value"),
  }));
}

/** What the check asks, once for each of its columns. */
function bodies(scope: CheckScope, raw: RawCheck, what: string, report: Reporter): CheckBody[] {
  const { check: kind } = raw;
  switch (raw.check) {
    case "row_count":
      requireRange(raw, what, report);
      return [{ kind: raw.check, ...definedOnly({ min: raw.min, max: raw.max }) }];
    case "unique_key":
      requireColumns(scope, raw.columns ?? [], "columns", report);
      return [{ kind: raw.check, ...definedOnly({ columns: raw.columns }) }];
    case "fresh": {
      requireTime(scope, what, report);
      const within = parseDuration(raw.within);
      if (within === undefined) {
        report.at(
          ["within"],
          `"${raw.within}" of check fresh of feature "${scope.feature}" is no length of time`,
          "Write a whole number and m, h, d or w: 15m, 6h, 1d, 2w.",
        );
        return [];
      }
      return [{ kind: raw.check, within }];
    }
    case "not_in_future":
      if (raw.column === undefined) requireTime(scope, what, report);
      return [{ kind: raw.check, ...definedOnly({ column: raw.column }) }];
    case "sql":
      return [{ kind: raw.check, expression: raw.expression }];
  }
  const columns = [raw.column].flat();
  requireColumns(scope, columns, "column", report);
  if (raw.check === "in_range" || raw.check === "length") requireRange(raw, what, report);
  if (raw.check === "referential") requireTarget(scope, raw, what, report);
  if (raw.check === "drift") requireBaseline(scope, raw, columns, report);
  const { check: _kind, severity: _severity, mostly: _mostly, ...rest } = raw;
  return columns.map((column) => ({ kind, ...defaults(raw, column), ...rest, column }) as ColumnCheck);
}

type CheckBody = Check extends infer One
  ? One extends Check ? Omit<One, "severity" | "mostly" | "place"> : never
  : never;

function defaults(raw: RawCheck, column: string): object {
  if (raw.check === "referential") return { references: column };
  return raw.check === "drift" ? { against: "previous" } : {};
}

function requireTime(scope: CheckScope, what: string, report: Reporter): void {
  if (scope.timed) return;
  report.at(["check"], `${what} needs a timestamp, which the feature does not have`, `Add "timestamp".`);
}

function requireRange(
  { min, max }: { min?: number | string | undefined; max?: number | string | undefined },
  what: string,
  report: Reporter,
): void {
  if (min === undefined && max === undefined) {
    report.key([], `${what} has neither "min" nor "max"`, "Give one of them, or both.");
  }
  if (typeof min === "number" && typeof max === "number" && min > max) {
    report.at(["min"], `${what} has a min of ${min}, above its max of ${max}`, "Exchange them.");
  }
}

function requireColumns(
  { columns, feature, on }: CheckScope,
  named: readonly string[],
  key: string,
  report: Reporter,
): void {
  if (columns === undefined || on === "input") return;
  for (const name of named) {
    if (columns.includes(name)) continue;
    const near = nearest(name, columns);
    report.at(
      [key],
      `Rows of feature "${feature}" have no column "${name}" to check`,
      near === undefined
        ? "They have keys, time and metrics: what metrics are made of is checked among its input checks."
        : `Did you mean "${near}"?`,
    );
  }
}

function requireTarget(
  scope: CheckScope,
  { source, feature }: { source?: string | undefined; feature?: string | undefined },
  what: string,
  report: Reporter,
): void {
  if ((source === undefined) === (feature === undefined)) {
    report.key([], `${what} needs a "source" or a "feature" to look into`, "Give one of them.");
  }
  if (source !== undefined && !scope.sources.has(source)) {
    report.at(
      ["source"],
      `${what} looks into source "${source}", which is not defined`,
      suggestName(source, scope.sources.keys()),
    );
  }
  if (feature !== undefined && !scope.features.includes(feature)) {
    report.at(
      ["feature"],
      `${what} looks into feature "${feature}", which is not defined`,
      suggestName(feature, scope.features),
    );
  }
  if (feature !== undefined && scope.on === "input") {
    report.at(
      ["feature"],
      `${what} looks into a feature, but stands among its input checks`,
      "Features are complete only once all are computed: it is one of the checks.",
    );
  }
}

function requireBaseline(
  scope: CheckScope,
  { against }: { against?: string | undefined },
  columns: readonly string[],
  report: Reporter,
): void {
  if (against !== undefined && against !== "previous" && !/^\d+\.\d+\.\d+$/.test(against)) {
    report.at(
      ["against"],
      `Drift of feature "${scope.feature}" is measured against "${against}"`,
      "Write previous, or a version such as 1.2.0.",
    );
  }
  for (const column of columns.filter((name) => scope.hidden.includes(name))) {
    report.at(
      ["column"],
      `Drift of "${column}" can't be measured: its statistics are left out`,
      "Take one of the two away.",
    );
  }
}
