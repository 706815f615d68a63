import type { Place } from "../../error.ts";
import type { Duration } from "../model.ts";

/** What fails a build, and what only has to be said. */
export type Severity = "error" | "warn";

export const DRIFT_MEASURES = ["psi", "null_rate", "mean"] as const;
export type DriftMeasure = typeof DRIFT_MEASURES[number];

/** A value as definitions write it; a time or a decimal may be a text. */
export type Scalar = number | string | boolean;

/** What one column has to be. NULL passes all of them but `not_null`; docs/quality.md says what NaN does. */
export type ColumnCheck =
  | { kind: "not_null" | "unique"; column: string }
  | { kind: Comparison; column: string; value: number | string }
  | { kind: "in_range"; column: string; min?: number | string; max?: number | string }
  | { kind: "matches_regex"; column: string; pattern: string }
  | { kind: "is_in" | "not_in"; column: string; values: Scalar[] }
  | { kind: "length"; column: string; min?: number; max?: number }
  | { kind: "type"; column: string; type: string }
  /** `source` or `feature`: where each value has to be, in the column `references`. */
  | { kind: "referential"; column: string; source?: string; feature?: string; references: string }
  | { kind: "drift"; column: string; measure: DriftMeasure; threshold: number; against: string };

/** What all rows together have to be. */
export type WholeCheck =
  | { kind: "row_count"; min?: number; max?: number }
  /** Keys and time where no columns are named. */
  | { kind: "unique_key"; columns?: string[] }
  | { kind: "fresh"; within: Duration }
  /** The feature's timestamp where no column is named. */
  | { kind: "not_in_future"; column?: string }
  /** For each row, the SQL expression has to be true. */
  | { kind: "sql"; expression: string };

export type Comparison = "greater_than" | "greater_than_or_equal" | "less_than" | "less_than_or_equal";

/** One check of data: what has to hold, how much of it, and what happens where it does not. */
export type Check = (ColumnCheck | WholeCheck) & {
  severity: Severity;
  /** The share of the rows looked at that has to pass, above 0 and up to 1: all where absent. */
  mostly?: number;
  place: Place;
};

export type CheckKind = Check["kind"];

/** `in_range of amount`: a check in messages. */
export function checkName(check: Check): string {
  const of = check.kind === "unique_key" ? check.columns?.join(", ") : "column" in check ? check.column : "";
  return of ? `${check.kind} of ${of}` : check.kind;
}
