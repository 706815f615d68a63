import { MlforgeError } from "../error.ts";
import type { Crew } from "./crew.ts";
import type { Done, FromWorker, Job, ToWorker } from "./messages.ts";

export interface PoolOptions {
  /** Whom jobs are given to. */
  crew: Crew;
  /** At most this many workers at once. */
  workers: number;
  /** In seconds, for each feature. */
  timeout?: number;
  /** Aborted with the error to end with. */
  signal?: AbortSignal;
  /** Whether the other features go on after one has failed. */
  keepGoing: boolean;
  onFetch(features: readonly string[], bytes: number, total: number): void;
  onStarted(feature: string): void;
  onPhase(feature: string, phase: string, rows?: number): void;
  onSent(feature: string, sent: number, bytes: number): void;
  onDone(feature: string, done: Done): void;
  /** Also of a feature that was only stopped: its error is one of an interrupt. */
  onFailed(feature: string, error: MlforgeError): void;
}

/** How long an interrupted query may take to give its worker back before the worker is ended, in milliseconds. */
const GRACE_MS = 2000;

/**
 * Runs jobs on a pool of Web Workers: each worker takes the next job when it has done one. Every feature of every job is
 * told as done or failed, also when its worker throws, hangs or dies. After the first failure (or an abort) the rest is
 * interrupted, unless `keepGoing`. No worker that had a job is left when this returns.
 */
export async function runJobs(jobs: readonly Job[], options: PoolOptions): Promise<void> {
  const queue = jobs.slice();
  const stop = new AbortController();
  const abort = () => stop.abort(options.signal?.reason);
  options.signal?.addEventListener("abort", abort);
  if (options.signal?.aborted) abort();
  const count = Math.max(1, Math.min(options.workers, queue.length));
  try {
    await Promise.all(Array.from({ length: count }, async () => {
      for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
        const failed = await runJob(job, stop.signal, options);
        if (failed && !options.keepGoing) {
          stop.abort(new MlforgeError("interrupted", "Stopped, since another feature failed"));
        }
      }
    }));
  } finally {
    options.signal?.removeEventListener("abort", abort);
  }
}

/** One job on a worker of its own, whose memory goes with it; tells whether any feature failed. */
function runJob(job: Job, stop: AbortSignal, options: PoolOptions): Promise<boolean> {
  const open = new Set(job.group.tasks.map((task) => task.feature));
  let running: string | undefined;
  let failed = false;
  const fail = (feature: string, error: MlforgeError) => {
    if (!open.delete(feature)) return;
    failed = true;
    options.onFailed(feature, error);
  };
  const failAll = (error: MlforgeError) => {
    for (const feature of [...open]) fail(feature, error);
  };
  if (stop.aborted) {
    failAll(stop.reason);
    return Promise.resolve(true);
  }
  const worker = options.crew.take();
  const send = (message: ToWorker) => worker.postMessage(message);
  return new Promise((finish) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let grace: ReturnType<typeof setTimeout> | undefined;
    let over: MlforgeError | undefined;
    const end = () => {
      clearTimeout(timer);
      clearTimeout(grace);
      stop.removeEventListener("abort", onStop);
      worker.terminate();
      failAll(over ?? new MlforgeError("failed", "The worker ended before its features were built"));
      finish(failed);
    };
    /** What has been built is still uploaded where the build goes on without this worker. */
    const interrupt = () => send({ kind: "interrupt", uploads: stop.aborted || !options.keepGoing });
    /** Asks the query to stop, so that no thread burns on, then ends the worker whether it answered or not. */
    const giveUp = (error: MlforgeError) => {
      if (over !== undefined) return;
      over = error;
      interrupt();
      grace = setTimeout(end, GRACE_MS);
    };
    const onStop = () => giveUp(stop.reason);
    stop.addEventListener("abort", onStop);
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      switch (data.kind) {
        case "fetching":
          return options.onFetch(data.features, data.bytes, data.total);
        case "started":
          if (over !== undefined) return interrupt();
          running = data.feature;
          clearTimeout(timer);
          if (options.timeout !== undefined) {
            const seconds = options.timeout;
            timer = setTimeout(() => {
              if (running !== undefined) fail(running, timedOut(running, seconds));
              giveUp(
                new MlforgeError("interrupted", `Stopped with feature "${running}", which took too long`),
              );
            }, seconds * 1000);
          }
          return options.onStarted(data.feature);
        case "phase":
          return options.onPhase(data.feature, data.phase, data.rows);
        case "sent":
          return options.onSent(data.feature, data.sent, data.bytes);
        case "done":
          if (open.delete(data.feature)) options.onDone(data.feature, data.done);
          return;
        case "failed":
          // What an interrupt broke off failed for the reason of the interrupt.
          fail(data.feature, over ?? MlforgeError.fromPlain(data.error));
          if (!options.keepGoing) {
            giveUp(new MlforgeError("interrupted", "Stopped, since another feature failed"));
          }
          return;
        case "crashed":
          return crashed(data.message);
        case "idle":
          return end();
      }
    };
    const crashed = (message: string) => {
      over ??= new MlforgeError("failed", `A worker failed: ${message.replace(/^Uncaught /, "")}`, {
        hint:
          "Does a function of the definitions throw where nothing awaits it? If not, this is a bug in mlforge.",
      });
      end();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      crashed(event.message);
    };
    worker.onmessageerror = () => giveUp(new MlforgeError("failed", "A worker's message could not be read"));
    send({ kind: "run", job });
  });
}

function timedOut(feature: string, seconds: number): MlforgeError {
  return new MlforgeError("failed", `Feature "${feature}" took longer than ${seconds} s`, {
    hint: "Give it more time with --timeout, or look at what it reads.",
  });
}
