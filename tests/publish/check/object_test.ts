import assert from "node:assert/strict";
import { MlforgeError } from "../../../src/error.ts";
import { checkObjectStore } from "../../../src/publish/check/object.ts";
import { goodFor, type Step } from "../../../src/publish/check/step.ts";
import { openObjectPublisher } from "../../../src/publish/object_store.ts";
import { cleanCause } from "../../../src/stores/cause.ts";
import { openLocalStore } from "../../../src/stores/local.ts";
import type { Store } from "../../../src/stores/store.ts";

/** The steps on a folder as an object store, changed by `wrap`, and the keys that are there afterwards. */
async function stepsOn(wrap: (store: Store) => Partial<Store>): Promise<{ steps: Step[]; keys: string[] }> {
  const folder = await Deno.makeTempDir({ prefix: "mlforge-test-" });
  try {
    const real = openLocalStore(`${folder}/store`);
    const store = { ...real, ...wrap(real) };
    const publisher = openObjectPublisher(store, {
      cache: { folder: `${folder}/cache`, limit: Infinity },
      clock: () => new Date(),
      random: Math.random,
      sleep: () => Promise.resolve(),
    });
    const steps = await Array.fromAsync(checkObjectStore({ store, publisher }));
    const keys = (await Array.fromAsync(real.list(""))).map(({ key }) => key);
    return { steps, keys };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const outcomes = (steps: readonly Step[]) => steps.map(({ name, outcome }) => `${name} ${outcome}`);

const forbidden = () => {
  const cause = cleanCause(Object.assign(new Error("Access Denied"), { $metadata: { httpStatusCode: 403 } }));
  return Promise.reject(new MlforgeError("failed", "Can't: s3:PutObject is not allowed", { cause }));
};

Deno.test("a store that does all is good for publishing, and nothing of the probe stays", async () => {
  const { steps, keys } = await stepsOn(() => ({}));
  assert.deepEqual(outcomes(steps), ["list ok", "read ok", "write ok", "conditions ok", "delete ok"]);
  assert.equal(goodFor(steps), "publishing");
  assert.deepEqual(keys, []);
});

Deno.test("where writing is forbidden, the store is good for reading", async () => {
  const { steps } = await stepsOn(() => ({ put: forbidden }));
  assert.deepEqual(outcomes(steps), ["list ok", "read ok", "write refused"]);
  assert.equal(goodFor(steps), "reading");
});

Deno.test("where deleting is forbidden, the store is good for publishing, and the probe that stays is named", async () => {
  const { steps, keys } = await stepsOn(() => ({ delete: forbidden }));
  assert.deepEqual(outcomes(steps).slice(2), ["write ok", "conditions ok", "delete refused"]);
  assert.equal(goodFor(steps), "publishing");
  assert.equal(keys.length, 1);
  assert.ok(steps.at(-1)?.says.includes(`"${keys[0]}"`));
});

Deno.test("where listing is forbidden, that is a failure, and nothing more is tried", async () => {
  const { steps } = await stepsOn(() => ({
    // deno-lint-ignore require-yield
    async *list() {
      await forbidden();
    },
  }));
  assert.deepEqual(outcomes(steps), ["list failed"]);
  assert.equal(goodFor(steps), "nothing");
});

Deno.test("a server that creates what exists, or replaces another state, is not good for publishing", async () => {
  const faults = [
    [/creates what exists/, { ignore: "create" }],
    [/replaces another state/, { ignore: "match" }],
  ] as const;
  for (const [message, { ignore }] of faults) {
    const { steps, keys } = await stepsOn((real) => ({
      async put(key, body, condition) {
        if (!(ignore in condition)) return await real.put(key, body, condition);
        const there = await real.head(key);
        return await real.put(key, body, there === undefined ? { create: true } : { match: there.token });
      },
    }));
    assert.deepEqual(outcomes(steps).slice(2), ["write ok", "conditions failed", "delete ok"]);
    assert.match(steps[3]?.says ?? "", message);
    assert.equal(steps[3]?.error?.code, "usage");
    assert.equal(goodFor(steps), "reading");
    assert.deepEqual(keys, []);
  }
});

Deno.test("a write without an answer is a failure, and what it may have left is deleted", async () => {
  const { steps, keys } = await stepsOn((real) => ({
    async put(key, body, condition) {
      await real.put(key, body, condition);
      return { kind: "unknown", cause: new Error("cut") };
    },
  }));
  assert.deepEqual(outcomes(steps), ["list ok", "read ok", "write failed", "delete ok"]);
  assert.deepEqual(keys, []);
});
