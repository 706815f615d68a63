import assert from "node:assert/strict";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { sourceTask } from "../../src/build/sources.ts";
import { runGroup } from "../../src/engines/duckdb/group.ts";
import { type Fetched, openFetched } from "../../src/engines/duckdb/fetched.ts";
import { comparisons } from "../../src/engines/duckdb/parquet_scans.ts";
import { openSession } from "../../src/engines/duckdb/session.ts";
import type { SourceTask } from "../../src/engines/task.ts";
import { bytesOf } from "../fetch/bytes.ts";
import { bucketTest, type RemoteBucket } from "../fetch/remote_bucket.ts";

/** Five row groups of 61,440 ids each, the ids in order. */
const IDS = "SELECT i AS id, sha256(i::VARCHAR) AS note FROM range(300000) t(i)";
const place = { file: "definitions.yaml", line: 1, column: 1 };

async function taskOf(bucket: RemoteBucket): Promise<SourceTask> {
  await bucket.put("ids.parquet", await bytesOf(IDS, "FORMAT parquet, ROW_GROUP_SIZE 61440"));
  const source = { name: "ids", path: bucket.address("ids.parquet"), format: "parquet" as const, place };
  return await sourceTask(source, { project: { root: "/" }, store: bucket.config });
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

bucketTest(
  "A query that reads rows that were left out fails, and is right once they are there",
  (bucket) =>
    withFolder(async (folder) => {
      const told: number[] = [];
      await using fetched: Fetched = await openFetched([await taskOf(bucket)], {
        cache: { folder, limit: 1e9 },
        onBytes: (done) => told.push(done),
      });
      const { sources } = fetched;
      await using session = await openSession({
        sources,
        lookups: [],
        outFolder: folder,
        tempFolder: join(folder, "spill"),
        memory: 1e9,
      });
      const { connection } = session;
      await fetched.bring(connection, undefined);
      await session.viewSources();
      assert.equal(await fetched.fill(connection, () => Promise.resolve([{ filters: ["id<1000"] }])), true);
      const all = "SELECT count(note), sum(length(note)) FROM ids";
      assert.deepEqual(await rows(connection, `${all} WHERE id < 1000`), ["1000", "64000"]);
      await assert.rejects(rows(connection, all));
      await assert.rejects(rows(connection, `${all} WHERE id < 100000`));
      assert.equal(await fetched.fill(connection), false);
      assert.deepEqual(await rows(connection, all), ["300000", String(300_000 * 64)]);
    }),
);

bucketTest(
  "A feature whose query reads more than its plan said is computed again on all rows",
  (bucket) =>
    withFolder(async (folder) => {
      let tries = 0;
      let found: string[] | undefined;
      const failures: unknown[] = [];
      await runGroup({
        sources: [await taskOf(bucket)],
        lookups: [],
        tasks: [{
          feature: "few",
          sources: ["ids"],
          keys: ["id"],
          surrogates: [],
          transform: { kind: "sql", sql: "select * from ids where id < 1000", place },
          metrics: [],
          inputChecks: [],
          checks: [],
          hidden: [],
          baselines: {},
          now: 0,
          configHash: "",
          place,
        }],
        outFolder: folder,
        tempFolder: join(folder, "spill"),
        threads: 1,
        memory: 1e9,
        cache: { folder, limit: 1e9 },
      }, {
        functionOf: () => assert.fail(),
        onSession() {},
        onStart() {},
        onPhase() {},
        onFailed: (_, error) => failures.push(error),
        async use(session) {
          tries++;
          found = await rows(session.connection, "SELECT sum(length(note)) FROM ids");
        },
      });
      assert.deepEqual([failures, tries, found], [[], 2, [String(300_000 * 64)]]);
    }),
);

async function rows(connection: DuckDBConnection, sql: string): Promise<string[]> {
  return (await connection.runAndReadAll(sql)).getRows()[0]?.map(String) ?? [];
}

Deno.test("comparisons() reads what it knows of a filter, and stops at what it does not", () => {
  const columns = [["id", "BIGINT"], ["at", "TIMESTAMP"], ["name", "VARCHAR"], ["id=x", "BIGINT"]]
    .map(([name = "", type = ""]) => ({ name, type }));
  const read = (filter: string) =>
    comparisons(filter, columns).map(({ column, operator, constant }) =>
      `${column.name} ${operator} ${constant}`
    );
  assert.deepEqual(read("id<1000"), ["id < 1000"]);
  assert.deepEqual(read("id=x>=-1.5"), ["id=x >= -1.5"]);
  assert.deepEqual(read("at>='2024-01-01 00:00:00'::TIMESTAMP AND at<'2024-02-01 00:00:00'::TIMESTAMP"), [
    "at >= '2024-01-01 00:00:00'::TIMESTAMP",
    "at < '2024-02-01 00:00:00'::TIMESTAMP",
  ]);
  assert.deepEqual(read("name='it''s AND id<5'"), ["name = 'it''s AND id<5'"]);
  assert.deepEqual(read("id>5 AND optional: id IN (5, 7)"), ["id > 5"]);
  assert.deepEqual(read("(((id >= 10) AND (id <= 20)) OR (id = 50))"), []);
  assert.deepEqual(read("name='a' || name"), []);
  assert.deepEqual(read("other<5"), []);
});
