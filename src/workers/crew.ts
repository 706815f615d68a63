import { lazily } from "../lazy.ts";
import type { StoreConfig } from "../stores/config.ts";
import type { Start } from "./messages.ts";

/** Workers for one store. Those that nobody has taken end with it. */
export interface Crew extends Disposable {
  /** A worker without a job, which now is the caller's: one that is up already, else a new one. */
  take(): Worker;
}

/** Starts so many workers at once: they load the engine and the store's SDK while the caller waits for something else. */
export async function openCrew(store: StoreConfig, count: number): Promise<Crew> {
  const message = await startMessage(store);
  const hire = () => {
    const worker = new Worker(new URL("./start.ts", import.meta.url), { type: "module", name: "mlforge" });
    worker.postMessage(message);
    return worker;
  };
  const ready = new Set<Worker>();
  for (let i = 0; i < count; i++) {
    const worker = hire();
    const dismiss = () => {
      ready.delete(worker);
      worker.terminate();
    };
    // It only speaks to say that it has failed. So will the one in its place, to whoever gave it a job.
    worker.onmessage = dismiss;
    worker.onerror = (event) => {
      event.preventDefault();
      dismiss();
    };
    ready.add(worker);
  }
  return {
    take() {
      const [worker = hire()] = ready;
      ready.delete(worker);
      return worker;
    },
    [Symbol.dispose]() {
      for (const worker of ready) worker.terminate();
      ready.clear();
    },
  };
}

/** The standalone binary's DuckDB is brought to disk and checked once, not by each worker. */
async function startMessage(store: StoreConfig): Promise<Start> {
  if (!Deno.build.standalone) return { kind: "start", store };
  const { addonPath } = await lazily<typeof import("../engines/duckdb/addon/load.ts")>(
    "../engines/duckdb/addon/load.ts",
    import.meta.url,
  );
  return { kind: "start", store, addon: addonPath() };
}
