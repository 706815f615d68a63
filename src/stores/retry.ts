import type { Chunks } from "./chunks.ts";

/**
 * The only place in stores/ that repeats and sleeps: the SDKs' own retries are off. What may be repeated: reads, and parts
 * of a multipart upload. A conditional write never is: its second try would meet what the first one wrote.
 */

/** One try at something. */
export interface Attempt {
  /** Aborted when the try has shown no sign of life for too long. A try that does not listen is left behind. */
  signal: AbortSignal;
  /** Tells that bytes are moving: silence counts from here. */
  alive(): void;
}

/** How long something is tried. All times are in milliseconds. */
export interface Patience {
  tries: number;
  /** A try without a sign of life for this long has failed. */
  silence: number;
  /** Without a sign of life for this long, over all tries and the waits between them, all has failed. */
  total: number;
}

/** Of requests with small answers: ten seconds in all, then the person hears of it. */
export const SMALL: Patience = { tries: 4, silence: 5_000, total: 10_000 };

/** Of uploads and downloads, which go on for as long as bytes move. */
export const LARGE: Patience = { tries: 6, silence: 15_000, total: 60_000 };

/** Where time and chance come from; tests bring their own. */
export interface Timing {
  /** In milliseconds, from any start. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
  /** In [0, 1). */
  random(): number;
}

const REAL: Timing = {
  now: () => performance.now(),
  sleep: (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds)),
  random: Math.random,
};

/** Tries once, and gives up after `silence` milliseconds without a sign of life, by an error that `isTimeout` knows. */
export async function once<T>(work: (attempt: Attempt) => Promise<T>, silence: number): Promise<T> {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let give: (error: Error) => void = () => {};
  const givenUp = new Promise<never>((_, reject) => (give = reject));
  const onSilence = () => {
    const error = silent(silence);
    give(error);
    controller.abort(error);
  };
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(onSilence, silence);
  };
  alive();
  let over = false;
  try {
    // Raced, as not everything listens to a signal.
    return await Promise.race([work({ signal: controller.signal, alive: () => over || alive() }), givenUp]);
  } finally {
    over = true;
    clearTimeout(timer);
  }
}

/** What a promise gives, within so many milliseconds. As `once` for work that takes no signal, and comes often. */
function within<T>(work: Promise<T>, silence: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(silent(silence)), silence);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function silent(silence: number): DOMException {
  return new DOMException(`No answer for ${silence / 1000} s`, "TimeoutError");
}

/** Whether `once` or `repeat` gave up on a silent try. */
export function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}

export interface RepeatOptions {
  patience: Patience;
  /** Whether an error may be gone at the next try. A silent try is tried again in any case. */
  transient: (error: unknown) => boolean;
  timing?: Timing;
}

/** Tries until it works, with growing waits in full jitter. Throws the last try's error as it is. */
export async function repeat<T>(
  work: (attempt: Attempt) => Promise<T>,
  { patience, transient, timing = REAL }: RepeatOptions,
): Promise<T> {
  let lively = timing.now();
  const left = () => lively + patience.total - timing.now();
  for (let tries = 1;; tries++) {
    try {
      return await once(({ signal, alive }) =>
        work({
          signal,
          alive() {
            lively = timing.now();
            alive();
          },
        }), Math.min(patience.silence, left()));
    } catch (error) {
      const wait = timing.random() * waitOf(tries);
      if (tries >= patience.tries || wait >= left() || !(isTimeout(error) || transient(error))) throw error;
      await timing.sleep(wait);
    }
  }
}

/** The longest wait after so many failed tries. */
function waitOf(tries: number): number {
  return Math.min(5_000, 100 * 2 ** tries);
}

export interface ResumeOptions {
  /** How many bytes come in all. */
  length: number;
  /** The same bytes of the same state from an offset on. Repeats by itself; throws where the state is gone. */
  reopen: (offset: number) => Promise<ReadableStream<Uint8Array>>;
  /** Puts into words what the last try failed with. */
  explain: (error: unknown) => Error;
  patience?: Patience;
  timing?: Timing;
}

/** Bytes of a body, all of them or an error: where it breaks off, falls silent or ends early, it goes on from there. */
export function resumed(
  body: ReadableStream<Uint8Array>,
  { length, reopen, explain, patience = LARGE, timing = REAL }: ResumeOptions,
): Chunks {
  let reader = body.getReader({ mode: "byob" });
  let offset = 0;
  let wanted = true;

  /** The next bytes; throws where these were the last ones, too early. */
  async function next(into: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    const { value, done } = await within(reader.read(into), patience.silence);
    if (done) throw new Error(`The body ended after ${offset} of ${length} bytes`);
    if (offset + value.length > length) throw new Error(`The body is longer than ${length} bytes`);
    offset += value.length;
    return value;
  }

  return {
    async read(into) {
      const { byteOffset, byteLength, buffer: { byteLength: whole } } = into;
      for (let tries = 1; offset < length; tries++) {
        try {
          return await next(into);
        } catch (error) {
          abandon(reader);
          // Whoever read lost interest while bytes were awaited.
          if (!wanted) return undefined;
          if (tries >= patience.tries) throw explain(error);
          await timing.sleep(timing.random() * waitOf(tries));
          if (!wanted) return undefined;
          reader = (await reopen(offset)).getReader({ mode: "byob" });
          if (!wanted) {
            abandon(reader);
            return undefined;
          }
          // What was given is gone with the reader that failed.
          into = new Uint8Array(new ArrayBuffer(whole), byteOffset, byteLength);
        }
      }
      // To its end, so that its connection can serve again.
      await within(reader.read(new Uint8Array(1)), patience.silence).catch(() => {});
      abandon(reader);
      return undefined;
    },
    leave() {
      wanted = false;
      abandon(reader);
    },
  };
}

/** Lets go of a body without waiting for it: it may never answer. */
function abandon(reader: ReadableStreamBYOBReader): void {
  reader.cancel().catch(() => {});
}
