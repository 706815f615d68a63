import assert from "node:assert/strict";
import { join } from "node:path";
import { openCrew } from "../../src/workers/crew.ts";
import type { FromWorker, Job } from "../../src/workers/messages.ts";

/** What a worker says to a job of no features. */
async function doNothing(worker: Worker, folder: string): Promise<FromWorker> {
  const group = {
    sources: [],
    lookups: [],
    tasks: [],
    outFolder: folder,
    tempFolder: join(folder, "spill"),
    threads: 1,
    memory: 256e6,
    cache: { limit: 0 },
  };
  const job: Job = { group, tx: "", definitions: "", changes: {} };
  const { promise, resolve } = Promise.withResolvers<FromWorker>();
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => resolve(data);
  worker.postMessage({ kind: "run", job });
  return await promise.finally(() => worker.terminate());
}

Deno.test("take() gives workers that are up, then new ones, and all of them work", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mlforge-test-" });
  try {
    using crew = await openCrew({ kind: "local", path: folder }, 1);
    const workers = [crew.take(), crew.take(), crew.take()];
    assert.equal(new Set(workers).size, 3);
    for (const worker of workers) assert.deepEqual(await doNothing(worker, folder), { kind: "idle" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("workers that nobody took end with their crew, so that the process can", async () => {
  const crew = new URL("../../src/workers/crew.ts", import.meta.url).href;
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { openCrew } from "${crew}";
       using crew = await openCrew({ kind: "local", path: "nowhere" }, 2);
       crew.take().terminate();`,
    ],
    signal: AbortSignal.timeout(60_000),
  }).output();
  assert.ok(success);
});
