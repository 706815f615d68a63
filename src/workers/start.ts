/// <reference lib="deno.worker" />
import type { Start, ToWorker } from "./messages.ts";

let started: Promise<unknown> | undefined;

/**
 * What a worker runs first: the binary's DuckDB has to be known before anything that uses it is imported. What was sent
 * meanwhile is handed on, in its order, to the handler that worker.ts puts in the place of this one.
 */
self.onmessage = async (event: MessageEvent<Start | ToWorker>) => {
  started ??= start(event.data as Start);
  await started;
  if (event.data.kind !== "start") self.dispatchEvent(new MessageEvent("message", { data: event.data }));
};

async function start({ addon, store }: Start): Promise<void> {
  if (addon !== undefined) (await import("../engines/duckdb/addon/load.ts")).useAddon(addon);
  (await import("./worker.ts")).openStore(store);
}
