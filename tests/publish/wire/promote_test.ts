import assert from "node:assert/strict";
import { MlforgeError } from "../../../src/error.ts";
import { promote } from "../../../src/publish/promote.ts";
import type { Fault } from "../../stores/fault_proxy.ts";
import { asked, type Wire, wireTest } from "../../stores/wire.ts";
import { publishTexts, WHO } from "../sample_batch.ts";
import { assertFilesWhole, assertHeals, textsOf, visibleBatch } from "../whole.ts";
import { type BucketStore, withBucketStore } from "./bucket_store.ts";

const FAULTS: Record<string, Fault> = {
  "lost before it arrives": { kind: "lost before" },
  "answered in vain": { kind: "response lost" },
  "applied, and answered with 500": { kind: "answer", status: 500, applied: true },
};

/** Brings both features of one store into another, which a server copies by itself. */
async function bring(
  wire: Wire,
  from: BucketStore,
  to: BucketStore,
): Promise<"promoted" | "failed" | "unknown"> {
  try {
    await promote({
      source: await from.open(),
      sourceStore: { ...wire.store, prefix: from.prefix },
      target: to.builder(),
      from: "staging",
      to: "production",
      features: from.features.map((name) => ({ name })),
      who: WHO,
    });
    return "promoted";
  } catch (error) {
    if (!(error instanceof MlforgeError)) throw error;
    return error.code === "unknown_outcome" ? "unknown" : "failed";
  }
}

for (const [name, fault] of Object.entries(FAULTS)) {
  wireTest(
    `promoting into an empty store, with each request in turn ${name}: all or nothing`,
    async (wire) => {
      await withBucketStore(wire, "staging", async (staging) => {
        await publishTexts(await staging.open(), textsOf(staging, "staging"));
        let nth = 0;
        for (let met = true; met;) {
          await withBucketStore(wire, `production-${++nth}`, async (production) => {
            wire.proxy.clear();
            wire.proxy.fault(fault, { nth });
            const told = await bring(wire, staging, production);
            const requests = wire.proxy.requests.map((request) =>
              asked(wire, request) + (request.fault ? " (fault)" : "")
            );
            met = wire.proxy.requests.some((request) => request.fault !== undefined);
            try {
              assert.deepEqual(requests.filter((request) => /^get staging\//.test(request)), []);
              await assertFilesWhole(production);
              const seen = await visibleBatch(production);
              if (told !== "unknown") assert.equal(seen, told === "promoted" ? "staging" : undefined);
              assert.equal(await bring(wire, staging, production), "promoted");
              await production.assertSettled();
              await assertHeals(production, ["staging"]);
            } catch (cause) {
              throw new Error(`Request ${nth}\n${requests.join("\n")}`, { cause });
            }
          });
        }
        assert.ok(nth > 15, `${nth} requests`);
      });
    },
  );
}
