import assert from "node:assert/strict";
import { join } from "node:path";
import { trimKept, useKept } from "../../src/publish/object_store/kept.ts";

const DAY = 24 * 60 * 60 * 1000;

/** A folder of downloaded data: files of ten bytes, and how many days ago each was used. */
async function withKept(
  files: Record<string, number>,
  act: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, days] of Object.entries(files)) {
      const path = join(folder, name);
      await Deno.writeFile(path, new Uint8Array(10));
      const used = new Date(Date.now() - days * DAY);
      await Deno.utime(path, used, used);
    }
    await act(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  return names.filter((name) => name !== "lock").sort();
}

Deno.test("trimKept() removes what was not used for the longest time, until the rest fits", async () => {
  await withKept({ "a.parquet": 2, "b.parquet": 4, "c.parquet": 3 }, async (folder) => {
    await trimKept({ folder, limit: 20 });
    assert.deepEqual(await namesIn(folder), ["a.parquet", "c.parquet"]);
  });
});

Deno.test("trimKept() leaves what was used within a day, even beyond the limit", async () => {
  await withKept({ "a.parquet": 0, "b.parquet": 0.9, "c.parquet": 1.1 }, async (folder) => {
    await trimKept({ folder, limit: 0 });
    assert.deepEqual(await namesIn(folder), ["a.parquet", "b.parquet"]);
  });
});

Deno.test("trimKept() removes what a killed download left, and no file of others", async () => {
  await withKept({ "a.part": 2, "notes.txt": 9 }, async (folder) => {
    await trimKept({ folder, limit: 5 });
    assert.deepEqual(await namesIn(folder), ["notes.txt"]);
  });
});

Deno.test("useKept() makes a file one that was used now", async () => {
  await withKept({ "a.parquet": 9, "b.parquet": 2 }, async (folder) => {
    assert.ok(await useKept(folder, "a.parquet", 10));
    await trimKept({ folder, limit: 10 });
    assert.deepEqual(await namesIn(folder), ["a.parquet"]);
  });
});

Deno.test("useKept() has no file that is missing, or of another size, and makes no folder", async () => {
  await withKept({ "a.parquet": 0 }, async (folder) => {
    assert.equal(await useKept(folder, "a.parquet", 11), false);
    assert.equal(await useKept(join(folder, "missing"), "a.parquet", 10), false);
    assert.deepEqual(await namesIn(folder), ["a.parquet"]);
  });
});

Deno.test("what useKept() has found no trimKept() at the same time removes", async () => {
  for (let round = 0; round < 20; round++) {
    await withKept({ "a.parquet": 9 }, async (folder) => {
      const [found] = await Promise.all([
        useKept(folder, "a.parquet", 10),
        ...Array.from({ length: 4 }, () => trimKept({ folder, limit: 0 })),
      ]);
      assert.deepEqual(await namesIn(folder), found ? ["a.parquet"] : []);
    });
  }
});
