import assert from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";
import { writeRows } from "../../src/engines/duckdb/write.ts";
import type { FeatureTask } from "../../src/engines/task.ts";

Deno.test("what can't be written leaves no query running on a connection that is closed: that would end the process", async () => {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const task = { feature: "rows", configHash: "0" } as FeatureTask;
  const prepared = {
    from: "range(3000000) AS r(i)",
    select: "i",
    columns: [{ name: "i", type: "BIGINT" }],
    dropped: { null_key: 0, null_time: 0 },
    watermark: undefined,
    checks: [],
    described: new Map(),
    drift: { takers: new Map(), judge: () => [] },
  };
  for (let round = 0; round < 5; round++) {
    await assert.rejects(
      writeRows({ instance, connection } as never, task, prepared as never, "/no/such/folder/data.parquet"),
      /No such file or directory/,
    );
  }
  // Both connections' instance still works.
  assert.equal((await connection.runAndReadAll("SELECT 42")).getRows()[0]?.[0], 42);
  connection.closeSync();
  instance.closeSync();
});
