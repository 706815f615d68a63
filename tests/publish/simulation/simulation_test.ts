import assert from "node:assert/strict";
import type { Tally } from "./many.ts";

const RUNS = Number(Deno.env.get("MLFORGE_SIMULATION_RUNS") ?? 20_000);
const WORKERS = 2;

function runInWorker(from: number, to: number): Promise<Tally> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  return new Promise<Tally>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    worker.postMessage({ from, to });
  }).finally(() => worker.terminate());
}

Deno.test(`${RUNS} seeded runs on a store that delays, loses, repeats and refuses break no promise`, async () => {
  const part = Math.ceil(RUNS / WORKERS);
  const tallies = await Promise.all(
    Array.from({ length: WORKERS }, (_, i) => runInWorker(i * part, Math.min(RUNS, (i + 1) * part))),
  );
  for (const { seed, message } of tallies.flatMap((t) => t.violations)) {
    console.error(`${message}\n  deno run -A tests/publish/simulation/run.ts --seed ${seed}`);
  }
  assert.deepEqual(tallies.flatMap((t) => t.violations), []);
  const sum = (of: (tally: Tally) => number) => tallies.reduce((total, tally) => total + of(tally), 0);
  assert.equal(sum((t) => t.runs), RUNS);
  assert.equal(sum((t) => t.endless), 0, "runs without an end");
  // The chaos is real, and work gets done in it.
  assert.ok(sum((t) => t.told.published ?? 0) > 2 * RUNS, "commits");
  assert.ok(sum((t) => t.told["not published"] ?? 0) > RUNS / 2, "lost races and failures");
  assert.ok(sum((t) => t.told.unknown ?? 0) > RUNS / 50, "unknown outcomes");
  assert.ok(sum((t) => t.told["refused the server"] ?? 0) > RUNS / 100, "unfit servers");
});
