/**
 * A process of its own that says as whom it reaches a store, or why not: `identity_probe.ts main|worker CONFIG`. The SDK
 * keeps what it has found of credentials for a process's life.
 */
import { MlforgeError } from "../../../src/error.ts";
import { describeS3Identity } from "../../../src/stores/s3/identity.ts";

/** What the probe prints, as JSON. */
export interface Probed {
  from?: string;
  key?: string;
  arn?: string;
  error?: { message: string; hint: string; causes: string };
}

async function probe(config: string): Promise<Probed> {
  try {
    const { from, key, arn } = await describeS3Identity(JSON.parse(config));
    return { from, key, ...(arn === undefined ? {} : { arn }) };
  } catch (error) {
    if (!(error instanceof MlforgeError)) throw error;
    const { message, hint = "", cause } = error;
    return { error: { message, hint, causes: Deno.inspect(cause, { depth: 20, showHidden: true }) } };
  }
}

const [where, config = ""] = Deno.args;
if ("DedicatedWorkerGlobalScope" in globalThis) {
  // A worker has its process's arguments.
  Object(globalThis).postMessage(await probe(config));
} else if (where === "main") {
  console.log(JSON.stringify(await probe(config)));
} else {
  const worker = new Worker(import.meta.url, { type: "module" });
  worker.onmessage = ({ data }) => {
    console.log(JSON.stringify(data));
    worker.terminate();
  };
}
