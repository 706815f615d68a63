/// <reference lib="deno.worker" />
import process from "node:process";
import { MlforgeError } from "../error.ts";
import type { TransformFunction } from "../definitions/model.ts";
import { computeFeature } from "../engines/duckdb/feature.ts";
import { runGroup } from "../engines/duckdb/group.ts";
import type { Built } from "../engines/task.ts";
import { chooseVersion } from "../publish/change.ts";
import { hashOf } from "../publish/hash.ts";
import { openPublisher } from "../publish/open.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { StoreConfig } from "../stores/config.ts";
import type { FromWorker, Job, ToWorker } from "./messages.ts";

// Packages that still use old parts of Node are not the user's concern.
process.noDeprecation = true;

const tell = (message: FromWorker) => self.postMessage(message);
let interrupt: (() => void) | undefined;
const { promise: uploadsLeft, resolve: leaveUploads } = Promise.withResolvers<void>();

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === "interrupt") {
    interrupt?.();
    if (data.uploads) leaveUploads();
  } else {
    run(data.job).then(
      () => tell({ kind: "idle" }),
      (reason) => tell({ kind: "crashed", message: messageOf(reason) }),
    );
  }
};

// Left alone, Deno would print a trace of its own and end the process's error output in it.
self.addEventListener("error", (event) => {
  event.preventDefault();
  tell({ kind: "crashed", message: event.message });
});
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  tell({ kind: "crashed", message: messageOf(event.reason) });
});

/** A definition that ends its worker would leave the build waiting for ever; it throws instead. */
Deno.exit = () => {
  throw new MlforgeError("failed", "The definitions called Deno.exit()");
};
self.close = () => {
  throw new MlforgeError("failed", "The definitions called self.close()");
};

const { promise: opening, resolve: opened } = Promise.withResolvers<Publisher>();
// Thrown where it is needed.
opening.catch(() => {});

/** Loads a store's SDK and finds its credentials: before there is a job, or while its first feature is computed. */
export function openStore(store: StoreConfig): void {
  opened(openPublisher(store));
}

/** Computes a group; while one feature is uploaded, the next one is computed. */
async function run(job: Job): Promise<void> {
  const uploads: Promise<void>[] = [];
  const fail = (feature: string, cause: unknown) => {
    const error = cause instanceof MlforgeError
      ? cause
      : new MlforgeError("failed", `Could not build feature "${feature}": ${messageOf(cause)}`, { cause });
    tell({ kind: "failed", feature, error: error.toPlain() });
  };
  let toldOfBytes = -Infinity;
  let functions: Promise<Map<string, TransformFunction>> | undefined;
  const store = async (built: Built) => {
    const { feature } = built;
    const change = job.changes[feature];
    const schemaHash = await hashOf(built.columns);
    // Sync: the version is there, and wants its data back.
    if (change === undefined) return tell({ kind: "done", feature, done: { built, schemaHash } });
    const { published } = change;
    if (published !== undefined && published.schema_hash !== schemaHash && change.columns === undefined) {
      change.columns = (await (await opening).metadata(feature, published.version))?.columns ?? [];
    }
    const chosen = chooseVersion(change, { ...built, schemaHash });
    if (chosen === undefined) return tell({ kind: "done", feature, done: { built, schemaHash } });
    tell({ kind: "phase", feature, phase: "storing" });
    const { file, bytes, contentHash } = built;
    const { version } = await (await opening).stage({
      tx: job.tx,
      feature,
      file,
      bytes,
      contentHash,
      wish: chosen.wish,
      onSent: tellSent(feature, bytes),
    });
    tell({ kind: "done", feature, done: { built, schemaHash, chosen, version } });
  };
  await runGroup(job.group, {
    async functionOf(feature) {
      functions ??= loadFunctions(job.definitions);
      const found = (await functions).get(feature);
      if (found === undefined) {
        throw new MlforgeError("failed", `The definitions no longer have feature "${feature}"`);
      }
      return found;
    },
    onSession: (stop) => (interrupt = stop),
    onFetch: (features, bytes, total) => {
      // Bytes come in thousands of small parts.
      if (bytes < total && performance.now() - toldOfBytes < 100) return;
      toldOfBytes = performance.now();
      tell({ kind: "fetching", features, bytes, total });
    },
    onStart: (feature) => tell({ kind: "started", feature }),
    onPhase: (feature, phase, rows) =>
      tell({ kind: "phase", feature, phase, ...(rows === undefined ? {} : { rows }) }),
    onFailed: fail,
    async use(session, task, options) {
      const built = await computeFeature(session, task, options);
      uploads.push(store(built).catch((cause) => fail(task.feature, cause)));
    },
  });
  await Promise.race([Promise.all(uploads), uploadsLeft]);
}

/** How often progress is told, in milliseconds: a screen shows no more. */
const TELL_EVERY = 100;

function tellSent(feature: string, bytes: number): (more: number) => void {
  let sent = 0;
  let told = -TELL_EVERY;
  return (more) => {
    sent = Math.min(bytes, sent + more);
    if (performance.now() - told < TELL_EVERY) return;
    told = performance.now();
    tell({ kind: "sent", feature, sent, bytes });
  };
}

async function loadFunctions(file: string): Promise<Map<string, TransformFunction>> {
  const { loadProject } = await import("../definitions/load.ts");
  const project = await loadProject(file, { env: (name) => Deno.env.get(name) });
  return new Map(
    project.features.flatMap(({ name, transform }) =>
      transform.kind === "function" ? [[name, transform.run] as const] : []
    ),
  );
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
