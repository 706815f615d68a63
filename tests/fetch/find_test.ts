import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { findFiles } from "../../src/build/find_files.ts";
import type { Source } from "../../src/definitions/model.ts";
import { findObjects } from "../../src/fetch/find.ts";
import { placeOf } from "../../src/fetch/placing.ts";
import { openBucket } from "../../src/stores/open.ts";
import { bucketTest } from "./remote_bucket.ts";

const isCsv = (name: string) => name.endsWith(".csv");

function csv(path: string): Source {
  return { name: "events", path, format: "csv", place: { file: "definitions.yaml", line: 1, column: 1 } };
}

/** Names that files can have too. */
const NAMES = [
  "data/a.csv",
  "data/b.csv",
  "data/c d.csv",
  "data/100%.csv",
  "data/ä.csv",
  "data/x=1.csv",
  "data/.hidden.csv",
  "data/notes.md",
  "data/y=2024/m=1/p.csv",
  "data/y=2024/m=2/p.csv",
  "data/y=2025/m=1/p.csv",
  "data/.tmp/q.csv",
  "other/[odd].csv",
  "other/o.csv",
];

const PATHS = [
  "data",
  "data/",
  "data/a.csv",
  "data/*.csv",
  "data/*",
  "dat*",
  "data/**/*.csv",
  "**/*.csv",
  "data/y=*/m=1/*.csv",
  "data/y=202[45]/m=?/*.csv",
  "data/{a,b}.csv",
  "data/[!a].csv",
  "data/y=2024*",
  "data/y={2024,2025}/m=2",
  "data/100%.csv",
  "data/ä.*",
  "other/[odd].csv",
  "*/o.csv",
  "nothing",
  "nothing/*.csv",
  "data/nothing.csv",
  "dat",
  "data/a",
];

bucketTest("A path in a bucket means what it means in a folder", async (bucket) => {
  const root = await Deno.makeTempDir();
  for (const name of NAMES) {
    await bucket.put(name, "a\n1\n");
    await Deno.mkdir(dirname(join(root, name)), { recursive: true });
    await Deno.writeTextFile(join(root, name), "a\n1\n");
  }
  for (const path of PATHS) {
    const [local, remote] = await Promise.allSettled([
      findFiles(csv(path), { project: { root } }),
      findFiles(csv(bucket.address(path)), { project: { root }, store: bucket.config }),
    ]);
    if (local.status === "rejected" || remote.status === "rejected") {
      assert.equal(remote.status, local.status, path);
      continue;
    }
    const names = remote.value.remote?.objects.map(({ name }) => name);
    assert.deepEqual(names, local.value.files.map((file) => relative(root, file)), path);
    assert.equal(remote.value.hiveRoot === undefined, local.value.hiveRoot === undefined, path);
  }
  await Deno.remove(root, { recursive: true });
});

bucketTest("More objects than a page lists are all found, with size and token", async (bucket) => {
  const names = Array.from({ length: 1105 }, (_, i) => `many/${String(i).padStart(4, "0")}.csv`);
  for (let at = 0; at < names.length; at += 65) {
    await Promise.all(names.slice(at, at + 65).map((name) => bucket.put(name, name)));
  }
  const opened = await openBucket(bucket.config);
  const { objects, as } = await findObjects(opened, "many", isCsv);
  assert.equal(as, "folder");
  assert.deepEqual(objects.map(({ name }) => name), names);
  const last = await opened.head("many/1104.csv");
  assert.deepEqual(objects.at(-1), { name: "many/1104.csv", size: 13, token: last?.token });
});

Deno.test("An object's place keeps its partitions and its extension, and nothing that a path can't hold", () => {
  assert.equal(placeOf("in/y=2024/m=1/part.parquet", 0), "y=2024/m=1/0.parquet");
  assert.equal(placeOf("in/events.csv.gz", 3), "3.csv.gz");
  assert.equal(placeOf("../../etc/passwd", 1), "1");
  assert.equal(placeOf("a/k=x%20y/ä b=ü/n?me.json", 1), "k=x%20y/ä b=ü/1.json");
  assert.equal(placeOf("k=*[1]/k=a=b/=c/x.csv", 2), "k=%2a%5b1%5d/2.csv");
});
