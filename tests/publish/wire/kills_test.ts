import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ProxiedRequest } from "../../stores/fault_proxy.ts";
import { type Wire, wireTest } from "../../stores/wire.ts";
import { publishTexts, UNCOMMITTED, WHO } from "../sample_batch.ts";
import { seeded } from "../simulation/chance.ts";
import { assertFilesWhole, assertHeals, textsOf, visibleBatch } from "../whole.ts";
import { type BucketStore, withBucketStore } from "./bucket_store.ts";

function spawnBuilder(wire: Wire, store: BucketStore, name: string, rounds: number): Deno.ChildProcess {
  const child = fileURLToPath(new URL("./child.ts", import.meta.url));
  const config = JSON.stringify({ ...wire.store, prefix: store.prefix });
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", child, config, store.features.join(), name, String(rounds)],
    env: wire.env,
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
}

/**
 * Kills a builder at its nth request, which the server gets all the same; false where it came to its end before. `pause`
 * is from the request's coming to the kill, in milliseconds: others may be under way then.
 */
async function killed(
  wire: Wire,
  store: BucketStore,
  { nth, rounds, pause = 0 }: { nth: number; rounds: number; pause?: number },
): Promise<boolean> {
  wire.proxy.clear();
  const reached = Promise.withResolvers<ProxiedRequest>();
  const gone = Promise.withResolvers<void>();
  const act = async (request: ProxiedRequest) => {
    reached.resolve(request);
    if (pause === 0) await gone.promise;
  };
  wire.proxy.fault({ kind: "first", act }, { nth });
  const child = spawnBuilder(wire, store, `killed ${nth}`, rounds);
  const request = await Promise.race([reached.promise, child.status]);
  if ("success" in request) return false;
  if (pause > 0) await new Promise((resume) => setTimeout(resume, pause));
  child.kill("SIGKILL");
  await child.status;
  gone.resolve();
  // The server has answered whatever it was that the process left behind.
  await wire.proxy.idle();
  return true;
}

wireTest(
  "a build killed at each of its requests is published as a whole or not at all",
  (wire) =>
    withBucketStore(wire, "kills", async (store) => {
      await publishTexts(await store.open(), textsOf(store, "after 0"));
      const seen: string[] = [];
      let nth = 1;
      for (; await killed(wire, store, { nth, rounds: 1 }); nth++) {
        const batch = await assertHeals(store, [`after ${nth - 1}`, `killed ${nth} 1`], `after ${nth}`);
        seen.push(batch?.startsWith("killed") ? "new" : "old");
        await store.assertSettled();
      }
      // Of ten requests the fifth is the commit: killed there, the batch is published.
      assert.equal(seen.join(" "), "old old old old new new new new new new");
    }),
);

wireTest("the first build of a store, killed at each of its requests", async (wire) => {
  let nth = 1;
  for (let more = true; more; nth++) {
    await withBucketStore(wire, `first-${nth}`, async (store) => {
      more = await killed(wire, store, { nth, rounds: 1 });
      await assertHeals(store, [undefined, `killed ${nth} 1`], `after ${nth}`);
      await store.assertSettled();
    });
  }
  assert.equal(nth - 2, 3 * 2 + 4 + 5);
});

// A nightly run takes 100.
const MOMENTS = Number(Deno.env.get("MLFORGE_TEST_KILLS") ?? "20");

wireTest(
  `builds killed at ${MOMENTS} random moments leave whole batches`,
  (wire) =>
    withBucketStore(wire, "moments", async (store) => {
      for (let seed = 1; seed <= MOMENTS; seed++) {
        const chance = seeded(seed);
        const moment = { nth: 1 + chance.below(40), pause: 1 + chance.below(20) };
        assert.ok(await killed(wire, store, { ...moment, rounds: 1_000 }));
        try {
          await assertHeals(store, [await visibleBatch(store)], `after ${seed}`);
          await store.assertSettled();
        } catch (cause) {
          throw new Error(`Seed ${seed}: ${JSON.stringify(moment)}`, { cause });
        }
      }
      // What the dead left behind goes, and nothing else.
      const before = await visibleBatch(store);
      await store.builder().collect(UNCOMMITTED, WHO);
      assert.equal(await visibleBatch(store), before);
      await assertFilesWhole(store);
      assert.deepEqual((await store.builder().collect(UNCOMMITTED, WHO)).versions, []);
    }),
);
