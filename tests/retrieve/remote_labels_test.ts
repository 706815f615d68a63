import assert from "node:assert/strict";
import { join } from "node:path";
import { readLock, requestOf } from "../../src/retrieve/lock.ts";
import { bucketTest } from "../fetch/remote_bucket.ts";
import { withBench } from "./store.ts";
import { ask, refusal, visits } from "./visits.ts";

const MONDAY = "user_id,seen_at,n\n1,2024-01-02 06:00:00,1\n2,2024-01-03 00:00:00,2\n";
const TUESDAY = "user_id,seen_at,n\n1,2024-01-04 00:00:00,3\n";

bucketTest(
  "labels in a bucket are an object, a glob or a prefix, in the order of their names",
  async (bucket) => {
    await withBench(async (bench) => {
      Deno.env.set("MLFORGE_CACHE_DIR", join(bench.folder, "cache"));
      try {
        await visits(bench);
        await bucket.put("labels/b.csv", TUESDAY);
        await bucket.put("labels/a b.csv", MONDAY);
        await bucket.put("labels/notes.txt", "not labels");
        await bucket.put("empty/notes.txt", "not labels");
        const store = bucket.config;
        const retrieved = async (name: string) => {
          await ask(bench, { store, labels: bucket.address(name) });
          return await bench.rows("SELECT n, visits__rows__count__1d__1d FROM '$DIR/out.parquet'");
        };
        const all = [["1", 10], ["2", 7], ["3", 30]];
        assert.deepEqual(await retrieved("labels/b.csv"), [all[2]]);
        assert.deepEqual(await retrieved("labels/*.csv"), all);
        assert.deepEqual(await retrieved("labels/"), all);

        const lock = await readLock(`${bench.folder}/out.lock.json`);
        const places = ["labels/a b.csv", "labels/b.csv"].map(bucket.address);
        assert.deepEqual(lock.labels.files.map(({ path }) => path), places);
        const output = `${bench.folder}/again.parquet`;
        await ask(bench, { ...requestOf(lock, "/elsewhere"), store, locked: lock, output });
        assert.deepEqual(await Deno.readFile(output), await Deno.readFile(`${bench.folder}/out.parquet`));

        await bucket.put("labels/b.csv", TUESDAY.replace("3", "4"));
        const again = ask(bench, { ...requestOf(lock, "/elsewhere"), store, locked: lock, output });
        await refusal(again, /labels are not those of the lock/, /b\.csv/, "failed");
        await refusal(retrieved("labels/c*.csv"), /No object matches the labels ".*c\*\.csv"/, /glob/);
        await refusal(retrieved("empty/"), /There are no labels at ".*empty\/"/, /./);
        await refusal(
          ask(bench, { labels: bucket.address("labels/b.csv"), output: bucket.address("out.parquet") }),
          /the output is a local file/,
          /provider's own tool/,
        );
      } finally {
        Deno.env.delete("MLFORGE_CACHE_DIR");
      }
    });
  },
);
