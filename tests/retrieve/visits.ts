import assert from "node:assert/strict";
import { MlforgeError } from "../../src/error.ts";
import { retrieve, type RetrieveReport, type RetrieveRequest } from "../../src/retrieve/retrieve.ts";
import type { Bench } from "./store.ts";

/** Daily counts of two users. The last stamp is 2024-01-04; beyond the data is from 2024-01-05 on. */
export function visits(bench: Bench, version = "1.0.0"): Promise<void> {
  return bench.feature({
    name: "visits",
    version,
    sql: `SELECT * FROM (VALUES
      (1, TIMESTAMP '2024-01-02', 10), (1, TIMESTAMP '2024-01-04', 30), (2, TIMESTAMP '2024-01-03', 7)
    ) v(user_id, seen_at, visits__rows__count__1d__1d)`,
    keys: ["user_id"],
    timestamp: "seen_at",
    stamp: "bucket_end",
    interval: "1d",
    watermark: "2024-01-03T20:00:00.000000Z",
    metrics: ["visits__rows__count__1d__1d"],
  });
}

/** A user's city, age and score, without time; the score is NULL. */
export function profile(bench: Bench): Promise<void> {
  return bench.feature({
    name: "profile",
    sql: "SELECT 1 AS user_id, 'Bern' AS city, 40 AS age, NULL::DOUBLE AS score",
    keys: ["user_id"],
    stamp: "none",
  });
}

/** Retrieves `visits` for labels.parquet into out.parquet, unless the request says otherwise. */
export function ask(bench: Bench, request: Partial<RetrieveRequest> = {}): Promise<RetrieveReport> {
  return retrieve({
    publisher: bench.publisher,
    labels: `${bench.folder}/labels.parquet`,
    features: ["visits"],
    output: `${bench.folder}/out.parquet`,
    threads: 2,
    ...request,
  });
}

export function labels(bench: Bench, sql: string): Promise<void> {
  return bench.run(`COPY (${sql}) TO '$DIR/labels.parquet' (FORMAT parquet)`);
}

export async function refusal(
  run: Promise<unknown>,
  message: RegExp,
  hint: RegExp,
  code = "usage",
): Promise<void> {
  await assert.rejects(run, (error) => {
    assert(error instanceof MlforgeError, String(error));
    assert.match(error.message, message);
    assert.match(error.hint ?? "", hint);
    assert.equal(error.code, code);
    return true;
  });
}
