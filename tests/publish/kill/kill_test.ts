import assert from "node:assert/strict";
import { openLocalPublisher } from "../../../src/publish/local.ts";
import { publishTexts } from "../contract.ts";
import { assertHeals, textsOf, visibleBatch } from "../whole.ts";
import { assertCleared, copyFolder, FEATURES, spawnChild, viewOf } from "./whole.ts";

// Windows has no SIGKILL; there the parent's kill ends a process in the same way.
const canKillItself = Deno.build.os !== "windows";

async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await act(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** After a kill the store heals, and nothing is left of what was broken off. */
async function assertAllHeals(
  store: string,
  allowed: (string | undefined)[],
): Promise<string | undefined> {
  const seen = await assertHeals(viewOf(store), allowed);
  await assertCleared(store);
  return seen;
}

for (
  const { what, rounds, after } of [
    { what: "rollback", rounds: "back", after: "old 1" },
    { what: "retirement", rounds: "retire", after: undefined },
  ]
) {
  Deno.test({
    name: `a ${what} killed at each of its steps is done as a whole or not at all, and the next build heals`,
    ignore: !canKillItself,
    fn: () =>
      inFolder(async (folder) => {
        const before = `${folder}/before`;
        for (const batch of ["old 1", "new 1"]) {
          await publishTexts(openLocalPublisher(before), textsOf({ features: FEATURES }, batch));
        }
        const seen = new Set<string | undefined>();
        for (let step = 1;; step++) {
          const store = `${folder}/killed-${step}`;
          await copyFolder(before, store);
          const output = await spawnChild(store, "killed", rounds, "--kill", String(step)).output();
          const visible = await visibleBatch(viewOf(store));
          if (output.success) {
            assert.equal(visible, after);
            break;
          }
          assert.equal(output.signal, "SIGKILL", new TextDecoder().decode(output.stderr));
          seen.add(await assertAllHeals(store, ["new 1", after]));
          await Deno.remove(store, { recursive: true });
        }
        assert.deepEqual([...seen], ["new 1", after]);
      }),
  });
}

Deno.test({
  name: "a build killed at each of its steps is published as a whole or not at all, and the next one heals",
  ignore: !canKillItself,
  fn: () =>
    inFolder(async (folder) => {
      const before = `${folder}/before`;
      await publishTexts(openLocalPublisher(before), textsOf({ features: FEATURES }, "old 1"));
      const seen = new Map<string | undefined, number>();
      let finished = false;
      let step = 1;

      async function killAt(n: number): Promise<void> {
        const store = `${folder}/killed-${n}`;
        await copyFolder(before, store);
        const output = await spawnChild(store, "killed", 1, "--kill", String(n)).output();
        if (output.success) {
          finished = true;
          assert.equal(await visibleBatch(viewOf(store)), "killed 1");
        } else {
          assert.equal(output.signal, "SIGKILL", new TextDecoder().decode(output.stderr));
          const batch = await assertAllHeals(store, ["old 1", "killed 1"]);
          seen.set(batch, (seen.get(batch) ?? 0) + 1);
        }
        await Deno.remove(store, { recursive: true });
      }

      async function work(): Promise<void> {
        while (!finished) await killAt(step++);
      }
      await Promise.all([work(), work()]);
      assert.ok((seen.get("old 1") ?? 0) > 20, `kills before the commit: ${seen.get("old 1")}`);
      assert.ok((seen.get("killed 1") ?? 0) > 20, `kills after the commit: ${seen.get("killed 1")}`);
    }),
});

Deno.test({
  name: "a first build killed at its commit, at a data file, metadata or pointer leaves all or nothing",
  ignore: !canKillItself,
  fn: () =>
    inFolder(async (folder) => {
      const expected = {
        "journal.json": undefined,
        "data.parquet": "first 1",
        ".meta.json": "first 1",
        "_latest.json": "first 1",
      };
      for (const [place, batch] of Object.entries(expected)) {
        const store = `${folder}/${place}`;
        // The texts are staged under names that contain these: the rename into the feature's folder is meant.
        const at = place === "journal.json"
          ? "_mlforge/journal.json"
          : `orders/${place === "_latest.json" ? "" : "1.0.0/"}${place}`;
        const output = await spawnChild(store, "first", 1, "--kill-at", at).output();
        assert.equal(output.signal, "SIGKILL", new TextDecoder().decode(output.stderr));
        assert.equal(await assertAllHeals(store, [batch]), batch);
      }
    }),
});

/** Marsaglia's xorshift32: numbers in [0, 1) that a seed repeats. */
function seeded(seed: number): () => number {
  let state = seed * 2654435761 >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

// A nightly run takes 100.
const moments = Number(Deno.env.get("MLFORGE_TEST_KILLS") ?? "20");

Deno.test(`builds killed at ${moments} random moments leave whole batches`, () =>
  inFolder(async (folder) => {
    for (let seed = 1; seed <= moments; seed++) {
      const store = `${folder}/${seed}`;
      const child = spawnChild(store, "random", 10_000);
      const reader = child.stdout.getReader();
      await reader.read();
      await new Promise((resume) => setTimeout(resume, seeded(seed)() * 250));
      child.kill("SIGKILL");
      await Promise.all([child.status, reader.cancel(), child.stderr.cancel()]);
      const seen = await visibleBatch(viewOf(store)).catch((error: unknown) => {
        throw new Error(`seed ${seed}`, { cause: error });
      });
      await assertAllHeals(store, [seen]);
      await Deno.remove(store, { recursive: true });
    }
  }));
