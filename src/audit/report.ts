import { MlforgeError } from "../error.ts";
import type { Leak } from "./leaks.ts";

/** What an audit found. Stable: `--json` prints it. */
export interface LeakReport {
  /** At most so many rows of each feature, or of the training set, were recomputed. */
  sample: number;
  seed: number;
  features: FeatureAudit[];
  /** Worth saying. */
  notes: string[];
}

export interface FeatureAudit {
  feature: string;
  version: string;
  /** Why nothing of it was checked. */
  not_checked?: string;
  /** Which rows there are, of the sampled keys; only of a published feature. */
  rows?: RowsAudit;
  columns: ColumnAudit[];
}

export interface RowsAudit {
  sampled: number;
  /** Rows that should be there, and rows that should not. */
  missing: number;
  extra: number;
  examples: { key: Key; at: string | null; is: "missing" | "extra" }[];
}

export interface ColumnAudit {
  column: string;
  sampled: number;
  equal: number;
  differing: number;
  /** What gives at least half of the values that differ. */
  looks_like?: Leak;
  /** The first of the values that differ. */
  examples: Difference[];
}

export interface Difference {
  key: Key;
  /** The stamp, or the label's time; null for a feature without time. */
  at: string | null;
  /** Of a training set: the row of the file, from 0. */
  row?: number;
  published: string | null;
  recomputed: string | null;
  looks_like?: Leak;
}

/** Key column -> value as text. */
export type Key = Record<string, string | null>;

/** Whether anything differs. */
export function leaks({ rows, columns }: FeatureAudit): boolean {
  return columns.some(({ differing }) => differing > 0) || (rows?.missing ?? 0) + (rows?.extra ?? 0) > 0;
}

/** The error that a report ends in; none where all was checked, and is right. What was not checked does not pass for right. */
export function verdict({ features }: LeakReport): MlforgeError | undefined {
  const names = (some: readonly FeatureAudit[]) => some.map(({ feature }) => feature).join(", ");
  const wrong = features.filter(leaks);
  if (wrong.length > 0) {
    return new MlforgeError("failed", `Not what the sources give: ${names(wrong)}`, {
      hint:
        "Don't train on it before it is known why. mlforge build --force, or mlforge retrieve, makes it anew.",
    });
  }
  const skipped = features.filter(({ not_checked }) => not_checked !== undefined);
  if (skipped.length === 0) return undefined;
  return new MlforgeError("failed", `Not checked: ${names(skipped)}`, {
    hint:
      "A version can be recomputed where its definition and its sources are as they were when it was built.",
  });
}
