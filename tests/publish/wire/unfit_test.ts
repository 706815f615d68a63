import assert from "node:assert/strict";
import { textBody } from "../../../src/publish/object_store/exchange.ts";
import { MANIFEST_KEY } from "../../../src/publish/object_store/keys.ts";
import { openStore } from "../../../src/stores/open.ts";
import type { ProxiedRequest } from "../../stores/fault_proxy.ts";
import { type Wire, wireTest } from "../../stores/wire.ts";
import { isError } from "../object_bench.ts";
import { buildTexts } from "../sample_batch.ts";
import { textsOf } from "../whole.ts";
import { type BucketStore, withBucketStore } from "./bucket_store.ts";

type Ignored = "create" | "match";

function conditionOf(kind: Wire["kind"], { path, headers }: ProxiedRequest): Ignored | undefined {
  if (kind === "s3") {
    return headers.has("if-none-match") ? "create" : headers.has("if-match") ? "match" : undefined;
  }
  const generation = /ifGenerationMatch=(\d+)/.exec(path)?.[1];
  return generation === undefined ? undefined : generation === "0" ? "create" : "match";
}

/** Makes a right server one that ignores a kind of condition. */
async function makeUnfit(wire: Wire, { prefix }: BucketStore, ignored: Ignored): Promise<void> {
  const rule = {
    when: (request: ProxiedRequest) => conditionOf(wire.kind, request) === ignored,
    times: Infinity,
  };
  if (wire.kind === "gcs") {
    // Without the parameter it is asked to write in any case.
    const path = (path: string) => path.replace(/&?ifGenerationMatch=\d+/, "");
    return wire.proxy.fault({ kind: "rewritten", path }, rule);
  }
  // The condition is signed: so it is made to hold, by the proxy's own client.
  const store = await openStore({ ...wire.direct, prefix });
  const states = new Map<string, string>();
  const remember = async () => {
    const got = await store.get(MANIFEST_KEY);
    if (got !== undefined) states.set(got.token, await new Response(got.body).text());
  };
  const makeItHold = async ({ headers }: ProxiedRequest) => {
    await remember();
    const asked = headers.get("if-match");
    await store.delete(MANIFEST_KEY);
    // The same bytes have the same ETag again.
    if (asked !== null) await store.put(MANIFEST_KEY, textBody(states.get(asked) ?? ""), { create: true });
  };
  wire.proxy.fault({ kind: "first", act: makeItHold }, rule);
}

for (const ignored of ["create", "match"] as const) {
  wireTest(
    `a server that ignores "${ignored}" is refused each time, and nothing is committed there`,
    (wire) =>
      withBucketStore(wire, ignored, async (store) => {
        await makeUnfit(wire, store, ignored);
        for (let time = 0; time < 2; time++) {
          const build = buildTexts(store.builder(), textsOf(store, "first"));
          await assert.rejects(build, isError("usage", "Refused this store"));
        }
        assert.equal((await (await store.open()).read()).features.size, 0);
        assert.deepEqual(await store.frozen(), new Map());
      }),
  );
}
