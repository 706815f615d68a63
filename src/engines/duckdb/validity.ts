import type { FeatureTask, SourceTask } from "../task.ts";
import { quote } from "./types.ts";

/**
 * Columns (TIMESTAMP, UTC) that say when a row counts, where the sources say when their rows were loaded: at the moments M
 * with `since` < M, and M <= `until` where that is not NULL.
 */
export interface Validity {
  since: string;
  /** Only where a source has `row_id`: else nothing replaces a row. */
  until?: string;
}

export const VALIDITY = { since: "_mlforge_since", until: "_mlforge_until" } as const;

/** SQL over the columns of a feature's transform. */
export interface ValiditySql {
  /** When a row has both happened and been known; the later one where either is NULL. */
  since: string;
  /** The moment from which another version is known. Has a window function: only right over all versions. */
  until?: string;
  /** Whether all columns that say when the row was known have a value, and all that say whose version it is. */
  known: string;
  identified: string;
}

/** The sources whose rows count only from when they were loaded on: those of a feature with time. */
export function knowingSources(task: FeatureTask, sources: readonly SourceTask[]): SourceTask[] {
  return task.timestamp === undefined ? [] : sources.filter(({ knownAt }) => knownAt !== undefined);
}

/**
 * A row of several sources is known once all of them are, and replaced once any of them is. Rows with the same `row_id` and
 * `known_at` are one version together: what SQL made of one row counts and goes together.
 *
 * `momentOf` gives the SQL of a source's `known_at`, as a TIMESTAMP in UTC.
 */
export function validitySql(
  time: string,
  sources: readonly SourceTask[],
  momentOf: (source: SourceTask) => string,
): ValiditySql {
  const moments = sources.map(momentOf);
  const versioned = sources.flatMap((source) =>
    source.rowId === undefined ? [] : [{ id: quote(source.rowId), moment: momentOf(source) }]
  );
  // The next group of equal moments is the next version; NULL, which comes last, is none.
  const next = versioned.map(({ id, moment }) =>
    `first_value(${moment}) OVER (PARTITION BY ${id} ORDER BY ${moment} GROUPS BETWEEN 1 FOLLOWING AND 1 FOLLOWING)`
  );
  const allThere = (values: readonly string[]) =>
    values.length === 0 ? "true" : values.map((value) => `${value} IS NOT NULL`).join(" AND ");
  return {
    since: `greatest(${[time, ...moments].join(", ")})`,
    ...(next.length === 0 ? {} : { until: `least(${next.join(", ")})` }),
    known: allThere(moments),
    identified: allThere(versioned.map(({ id }) => id)),
  };
}

/** The statement, after CREATE, that makes `name` of the rows of `all` that stay and count at some moment. */
export function rowsThatCount(
  name: string,
  all: string,
  { stay, validity }: { stay: string; validity: ValiditySql | undefined },
): string {
  if (validity === undefined) return `VIEW ${name} AS SELECT * FROM ${all} WHERE ${stay}`;
  const { since, until } = validity;
  const list = [
    "*",
    `${since} AS ${VALIDITY.since}`,
    ...(until === undefined ? [] : [`${until} AS ${VALIDITY.until}`]),
  ];
  // A version without key or time takes the one before it away, and is left out only then.
  const rows = `SELECT ${list.join(", ")} FROM ${all}`;
  if (until === undefined) return `VIEW ${name} AS ${rows} WHERE ${stay}`;
  const counting = `${VALIDITY.until} IS NULL OR ${VALIDITY.until} > ${VALIDITY.since}`;
  // To find all rows' next versions takes as long as the metrics: once.
  return `TABLE ${name} AS SELECT * FROM (${rows}) WHERE ${stay} AND (${counting})`;
}
