import fc from "fast-check";
import { normalise, type Rows } from "../../../src/engines/duckdb/relation.ts";
import type { FeatureTask, SourceTask } from "../../../src/engines/task.ts";
import { type EventRow, fillTable, KEYS, momentSql, textSql } from "./event_table.ts";
import type { ValueType } from "./events.ts";
import type { Version } from "./known_oracle.ts";
import type { workbench } from "./workbench.ts";

/** A row of the table `events`, which has the columns `loaded` and `row` after the values. */
export interface VersionRow extends EventRow {
  knownAt: bigint | null;
  row: string | null;
}

type Bench = Awaited<ReturnType<typeof workbench>>;

const place = { file: "definitions.yaml", line: 1, column: 1 };

/** On time, within the bucket or at its edges, some buckets late, and before it happened; in microseconds. */
export function delays(interval: number): fc.Arbitrary<bigint> {
  return fc.oneof(
    fc.constantFrom(0n, 1n, 7n),
    fc.tuple(fc.integer({ min: -2, max: 9 }), fc.constantFrom(-1n, 0n, 1n)).map(([buckets, off]) =>
      BigInt(buckets * interval) * 1_000_000n + off
    ),
  );
}

/** When a row was loaded that is `delay` late; null where nobody says. */
export function loadedAt(time: bigint | null, delay: bigint | null): bigint | null {
  return delay === null ? null : (time ?? BigInt(Date.UTC(2000, 0, 5)) * 1000n) + delay;
}

/** Makes the table `events`, and gives the versions that there are, as the oracle takes them. */
export async function fillVersions(
  bench: Bench,
  { types, rows, versioned }: {
    types: readonly ValueType[];
    rows: readonly VersionRow[];
    versioned: boolean;
  },
): Promise<Version[]> {
  const filled = await fillTable(bench, types, rows, {
    columns: ["loaded TIMESTAMP", "row VARCHAR"],
    of: ({ knownAt, row }) => [momentSql(knownAt), textSql(row)],
  });
  return filled.flatMap((event, i): Version[] => {
    const { keys, time, knownAt, row } = rows[i]!;
    // What was never known, or is a version of nobody knows what, is left out.
    if (knownAt === null || (versioned && row === null)) return [];
    // Ties in time are decided by all columns, in their order.
    const values = {
      ...event.values,
      loaded: { exact: knownAt, text: "" },
      row: row === null ? null : { exact: row, text: row },
    };
    const isVoid = keys[0] === null || time === null;
    return [{ ...event, values, knownAt, row: versioned ? row : null, void: isVoid }];
  });
}

/** The table's rows as a feature takes them that has no SQL. */
export async function countingRows({ connection, run }: Bench, versioned: boolean): Promise<Rows> {
  await run("CREATE OR REPLACE VIEW shown AS SELECT * EXCLUDE (id) FROM events");
  const source: SourceTask = {
    name: "events",
    format: "parquet",
    files: [],
    knownAt: "loaded",
    ...(versioned ? { rowId: "row" } : {}),
    place,
  };
  const task: FeatureTask = {
    feature: "one",
    sources: ["events"],
    keys: KEYS,
    surrogates: [],
    transform: { kind: "source" },
    timestamp: { column: "t" },
    metrics: [],
    inputChecks: [],
    checks: [],
    hidden: [],
    baselines: {},
    now: 0,
    configHash: "",
    place,
  };
  for (const kind of ["VIEW", "TABLE"]) {
    for (const name of ["counting", "counting_all"]) {
      await run(`DROP ${kind} IF EXISTS ${name}`).catch(() => {});
    }
  }
  return await normalise(connection, task, {
    transformed: "shown",
    name: "counting",
    sources: [source],
    leading: source,
    empty: false,
  });
}
