/// <reference lib="deno.worker" />
/**
 * Opens a store, puts, lists and gets an object, and tells what came of it as a line of JSON: as another process does, with
 * an environment of its own. With `--worker` in a Web Worker.
 */
import { MlforgeError } from "../../../src/error.ts";
import { openGcsStore } from "../../../src/stores/gcs.ts";
import { identityOf } from "../../../src/stores/identity.ts";
import { parseKey } from "../../../src/stores/key.ts";

export interface Outcome {
  /** What was read back. */
  text?: string;
  /** As `profile --validate` says it. */
  identity?: string;
  error?: { message: string; hint: string; code: string; printed: string };
}

export interface Use {
  bucket: string;
  endpoint?: string;
}

async function use({ bucket, endpoint }: Use): Promise<Outcome> {
  try {
    const config = { kind: "gcs" as const, bucket, prefix: "", ...(endpoint ? { endpoint } : {}) };
    const store = await openGcsStore(config);
    const key = parseKey("object");
    const bytes = new TextEncoder().encode("text");
    const sha256 = "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1";
    const result = await store.put(key, { bytes, sha256 }, { create: true });
    if (result.kind === "unknown") throw result.cause;
    await Array.fromAsync(store.list(key));
    const got = await store.get(key);
    return { text: await new Response(got?.body).text(), identity: await identityOf(config) };
  } catch (error) {
    if (!(error instanceof MlforgeError)) throw error;
    const { message, hint = "", code } = error;
    return { error: { message, hint, code, printed: Deno.inspect(error, { depth: 20 }) } };
  }
}

if ("WorkerGlobalScope" in self) {
  self.onmessage = async ({ data }: MessageEvent<Use>) => self.postMessage(await use(data));
} else {
  const [asked = "", mode] = Deno.args;
  const outcome = await (mode === "--worker" ? useInWorker : use)(JSON.parse(asked));
  console.log(JSON.stringify(outcome));
  // What hangs does not hold the process.
  Deno.exit(0);
}

async function useInWorker(asked: Use): Promise<Outcome> {
  const worker = new Worker(import.meta.url, { type: "module" });
  const outcome = new Promise<Outcome>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  worker.postMessage(asked);
  return await outcome.finally(() => worker.terminate());
}
