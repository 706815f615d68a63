import assert from "node:assert/strict";
import { type Lock, readLock, requestOf } from "../../src/retrieve/lock.ts";
import { type Bench, withBench } from "./store.ts";
import { ask, labels, refusal, visits } from "./visits.ts";

const LABELS = "SELECT 1 AS user_id, TIMESTAMP '2024-01-03' AS seen_at, true AS bought";

/** Retrieves what the lock describes, into again.parquet. */
async function again(bench: Bench, lock: Lock, folder = bench.folder) {
  const output = `${bench.folder}/again.parquet`;
  return await ask(bench, { ...requestOf(lock, folder), locked: lock, output });
}

Deno.test("a lock names versions, hashes, labels and options, and gives the same bytes again", async () => {
  await withBench(async (bench) => {
    await visits(bench);
    await labels(bench, LABELS);
    const options = {
      fill: { columns: {}, numbers: "0" },
      maxAge: { visits: 3600 },
      afterWatermark: "use",
    } as const;
    const report = await ask(bench, options);
    assert.equal(report.lock, `${bench.folder}/out.lock.json`);
    const lock = await readLock(report.lock);
    assert.equal(lock.features[0]?.version, "1.0.0");
    assert.equal(lock.labels.files[0]?.path, "labels.parquet");
    // Another version is published meanwhile.
    await visits(bench, "1.1.0");
    await again(bench, lock);
    const bytes = (name: string) => Deno.readFile(`${bench.folder}/${name}`);
    assert.deepEqual(await bytes("again.parquet"), await bytes("out.parquet"));
    assert.deepEqual(await readLock(`${bench.folder}/again.lock.json`), lock);
  });
});

Deno.test("the training set carries its lock in its Parquet metadata", async () => {
  await withBench(async (bench) => {
    await visits(bench);
    await labels(bench, LABELS);
    const { lock } = await ask(bench);
    const [row] = await bench.rows(
      "SELECT decode(value) FROM parquet_kv_metadata('$DIR/out.parquet') WHERE decode(key) = 'mlforge_lock'",
    );
    const { output: { sha256: _, ...output }, ...rest } = await readLock(lock);
    assert.deepEqual(JSON.parse(String(row?.[0])), { ...rest, output });
  });
});

Deno.test("a lock that can't be met says what is gone or other, and writes nothing", async () => {
  await withBench(async (bench) => {
    await visits(bench);
    await labels(bench, LABELS);
    const lock = await readLock((await ask(bench)).lock);
    const data = `${bench.folder}/store/visits/1.0.0/data.parquet`;

    await labels(bench, LABELS.replace("true", "false"));
    await refusal(
      again(bench, lock),
      /labels are not those of the lock/,
      /labels\.parquet \(SHA-256/,
      "failed",
    );
    await refusal(again(bench, lock, `${bench.folder}/store`), /Can't read the labels/, /no such file/);
    await labels(bench, LABELS);
    await again(bench, lock);
    await Deno.remove(`${bench.folder}/again.parquet`);

    const other = { ...lock, features: lock.features.map((f) => ({ ...f, content_hash: "0".repeat(64) })) };
    await refusal(
      again(bench, other),
      /"visits" 1\.0\.0 is not the one that the lock names/,
      /0{64}/,
      "failed",
    );
    const newer = { ...lock, features: lock.features.map((f) => ({ ...f, version: "9.0.0" })) };
    await refusal(again(bench, newer), /"visits" has no version 9\.0\.0/, /There are: 1\.0\.0/);
    const changed = { ...lock, output: { ...lock.output, sha256: "0".repeat(64) } };
    await refusal(again(bench, changed), /gave other bytes/, /report/, "failed");
    await refusal(
      again(bench, { ...changed, engine: "duckdb 1.0.0" }),
      /gave other bytes/,
      /duckdb 1\.0\.0/,
      "failed",
    );
    await Deno.remove(data);
    await refusal(again(bench, lock), /data of "visits" 1\.0\.0 is not here/, /./, "failed");
    assert.equal(await Deno.stat(`${bench.folder}/again.parquet`).catch(() => undefined), undefined);
  });
});

Deno.test("a lock that is no lock is told as such", async () => {
  await withBench(async (bench) => {
    const file = `${bench.folder}/x.lock.json`;
    await refusal(readLock(file), /Can't read the lock/, /Is it there/);
    for (
      const [text, why] of [["{", /not whole JSON/], ['{"format": 1}', /Can't read the lock/], [
        '{"format": 2}',
        /newer mlforge/,
      ]] as const
    ) {
      await Deno.writeTextFile(file, text);
      await refusal(readLock(file), why, /./);
    }
  });
});
