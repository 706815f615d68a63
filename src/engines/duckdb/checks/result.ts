import { type Check, checkName } from "../../../definitions/checks/model.ts";
import { MlforgeError, type Rows } from "../../../error.ts";

/** What became of one check. Plain data, sent from workers. */
export interface CheckResult {
  check: Check;
  passed: boolean;
  /** Rows that do not pass. */
  failing: number;
  /** Rows that were looked at: for checks of a column's values, those with a value. */
  looked: number;
  /** What was found, where that is no number of rows: `column is int64`. */
  found?: string;
  /** Why it was not asked, though it passes. */
  skipped?: string;
  /** What to do about it. */
  hint?: string;
  /** Some of the rows that fail. */
  examples?: Rows;
}

/** Whether enough of the rows pass. */
export function enough({ mostly = 1 }: Check, failing: number, looked: number): boolean {
  return failing === 0 || (looked - failing) / looked >= mostly;
}

const number = (count: number) => count.toLocaleString("en-US");

/** A failed check as what is thrown, or shown as a warning. */
export function checkError(feature: string, result: CheckResult): MlforgeError {
  const { check, failing, looked, found, hint, examples } = result;
  const share = check.mostly === undefined ? "" : `, and ${check.mostly * 100} % have to pass`;
  const what = found ?? `${number(failing)} of ${number(looked)} rows do not pass${share}`;
  const name = checkName(check);
  return new MlforgeError("failed", `Check ${name} of feature "${feature}" failed: ${what}`, {
    place: check.place,
    hint: hint ?? HINTS[check.kind] ??
      "Leave such rows out, mend them where they come from, or change the check.",
    failedCheck: {
      feature,
      check: name,
      severity: check.severity,
      failing,
      looked,
      ...(examples === undefined ? {} : { examples }),
    },
  });
}

const HINTS: Partial<Record<Check["kind"], string>> = {
  not_null: "Leave such rows out in SQL, give them a value (coalesce), or allow some with mostly.",
  unique: "Keep one row of each value in SQL: `qualify row_number() over (partition by ...) = 1`.",
  unique_key: "Keep one row of each key in SQL: `qualify row_number() over (partition by ...) = 1`.",
  type: "Cast the column in SQL, or change the check.",
  referential: "Is what it refers to complete? Build it first, or leave such rows out with a join.",
  row_count: "Is the source whole? Change the bounds if so many rows are right.",
  fresh: "Has the source been written since? A longer `within` allows more.",
  not_in_future: "Are the times in another zone? The source's `timezone` says so.",
  drift:
    "Look at mlforge inspect feature --stats; if the change is right, raise the threshold for this build.",
};
