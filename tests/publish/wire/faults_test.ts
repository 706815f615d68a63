import assert from "node:assert/strict";
import { MlforgeError } from "../../../src/error.ts";
import type { Fault } from "../../stores/fault_proxy.ts";
import { asked, type Wire, wireTest } from "../../stores/wire.ts";
import { buildTexts, publishTexts } from "../sample_batch.ts";
import { assertFilesWhole, assertHeals, textsOf, visibleBatch } from "../whole.ts";
import { type BucketStore, withBucketStore } from "./bucket_store.ts";

/** Each meets each request of a build, one at a time. */
const FAULTS: Record<string, Fault> = {
  "lost before it arrives": { kind: "lost before" },
  "answered in vain": { kind: "response lost" },
  "applied, and answered with 500": { kind: "answer", status: 500, applied: true },
  "answered with 500": { kind: "answer", status: 500, applied: false },
  "answered with 503": { kind: "answer", status: 503, applied: false },
  "answered with 429": { kind: "answer", status: 429, applied: false },
  "answered with 409": { kind: "answer", status: 409, applied: false },
  "applied after the next one": { kind: "late", after: 1 },
  // Released by the test, after the next build.
  "applied after the next build": { kind: "late", after: Infinity },
  "answered by half an answer": { kind: "cut" },
  "cut off half-way itself": { kind: "upload cut" },
};

/** What a build was told: what is visible then, for certain, or undefined where it may be either. */
async function told(build: ReturnType<typeof buildTexts>): Promise<"new" | "old" | undefined> {
  try {
    return (await build).kind === "published" ? "new" : "old";
  } catch (error) {
    if (!(error instanceof MlforgeError)) throw error;
    return error.code === "unknown_outcome" ? undefined : "old";
  }
}

/**
 * One build of which the nth request meets the fault, then all that must hold; false where it had no such request. `old`
 * is what is visible before.
 */
async function underFault(
  wire: Wire,
  store: BucketStore,
  { fault, nth, old }: { fault: Fault; nth: number; old: string | undefined },
): Promise<boolean> {
  const frozen = await store.frozen();
  const batch = `batch ${nth}`;
  wire.proxy.clear();
  wire.proxy.fault(fault, { nth });
  const known = await told(buildTexts(store.builder(), textsOf(store, batch)));
  const requests = wire.proxy.requests.map((request) =>
    asked(wire, request) + (request.fault ? " (fault)" : "")
  );
  if (!wire.proxy.requests.some((request) => request.fault !== undefined)) return false;
  try {
    // 10 for a later batch, 15 for a first one, and what one fault may cost.
    assert.ok(requests.length <= (old === undefined ? 15 : 10) + 6, "few requests");
    const seen = await assertHeals(store, [old, batch], `after ${nth}`);
    if (known !== undefined) {
      assert.equal(seen, known === "new" ? batch : old, `the build was told "${known}"`);
    }
    await wire.proxy.release();
    assert.equal(await visibleBatch(store), `after ${nth}`);
    await assertFilesWhole(store);
    await store.assertSettled();
    const now = await store.frozen();
    for (const [name, token] of frozen) assert.equal(now.get(name), token, `${name} stays as it is`);
  } catch (cause) {
    throw new Error(`Request ${nth}\n${requests.join("\n")}`, { cause });
  }
  return true;
}

for (const [name, fault] of Object.entries(FAULTS)) {
  wireTest(
    `a later batch, of which each request in turn is ${name}`,
    (wire) =>
      withBucketStore(wire, "later", async (store) => {
        await publishTexts(await store.open(), textsOf(store, "after 0"));
        let nth = 1;
        while (await underFault(wire, store, { fault, nth, old: `after ${nth - 1}` })) nth++;
        assert.equal(nth - 1, 3 * store.features.length + 4);
      }),
  );

  wireTest(`the first batch of a store, of which each request in turn is ${name}`, async (wire) => {
    let nth = 0;
    for (let more = true; more;) {
      await withBucketStore(wire, `first-${++nth}`, async (store) => {
        more = await underFault(wire, store, { fault, nth, old: undefined });
      });
    }
    assert.equal(nth - 1, 3 * 2 + 4 + 5);
  });
}
