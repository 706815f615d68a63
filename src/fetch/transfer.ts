import { MlforgeError } from "../error.ts";
import type { Bucket } from "../stores/bucket.ts";
import type { Got } from "../stores/store.ts";
import { pieces, type Range } from "./ranges.ts";
import type { RemoteObject } from "./object.ts";

/** Large enough that a request's way there and back hardly counts, small enough that several share one object. */
const PIECE = 8 << 20;

/** Requests at once, over all objects of a lease: what it takes to fill a line, and no more open sockets than that. */
const AT_ONCE = 12;

export interface TransferOptions {
  signal: AbortSignal;
  slots: Slots;
  /** Told of bytes as they are written. */
  onBytes(bytes: number): void;
  /** Told of each request. */
  onRequest?(): void;
  /** What happened to an object that is no longer what it was when it was found. */
  changed(): MlforgeError;
}

/** Lets so many do something at once. */
export interface Slots {
  run<T>(work: () => Promise<T>): Promise<T>;
}

export function openSlots(count = AT_ONCE): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    async run(work) {
      if (free > 0) free--;
      else await new Promise<void>((resume) => waiting.push(resume));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free++;
        else next();
      }
    },
  };
}

/**
 * Fetches ranges of one state of an object into their places in a file, several at once. Gives what arrived whole, also
 * where the rest failed: then with the error.
 */
export async function transfer(
  { bucket, object, file }: { bucket: Bucket; object: RemoteObject; file: string },
  ranges: readonly Range[],
  options: TransferOptions,
): Promise<{ arrived: Range[]; error?: unknown }> {
  const arrived: Range[] = [];
  const errors: unknown[] = [];
  await Promise.all(
    pieces(ranges, PIECE).map((piece) =>
      options.slots.run(async () => {
        if (errors.length > 0) return;
        try {
          options.onRequest?.();
          const got = await get(bucket, object, piece, options.signal);
          if (got === undefined) throw options.changed();
          await write(got.body, file, piece, options);
          arrived.push(piece);
        } catch (error) {
          errors.push(error);
        }
      })
    ),
  );
  return errors.length === 0 ? { arrived } : { arrived, error: errors[0] };
}

async function get(
  bucket: Bucket,
  { name, token: match }: RemoteObject,
  [from, to]: Range,
  signal: AbortSignal,
): Promise<Got | undefined> {
  signal.throwIfAborted();
  const asked = bucket.get(name, { range: [from, to], match });
  try {
    return await unlessAborted(asked, signal);
  } catch (error) {
    asked.then((got) => got?.body.cancel()).catch(() => {});
    throw error;
  }
}

async function write(
  body: ReadableStream<Uint8Array>,
  path: string,
  [from, to]: Range,
  { signal, onBytes }: TransferOptions,
): Promise<void> {
  using file = await Deno.open(path, { write: true });
  await file.seek(from, Deno.SeekMode.Start);
  const reader = body.getReader();
  let at = from;
  try {
    for (;;) {
      const reading = reader.read();
      // What came whole is kept, and read to its end, so that its connection can serve again.
      const { done, value } = at === to ? await reading : await unlessAborted(reading, signal);
      if (done || at + value.length > to) break;
      for (let written = 0; written < value.length;) {
        written += await file.write(value.subarray(written));
      }
      at += value.length;
      onBytes(value.length);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
  if (at !== to) {
    throw new MlforgeError("failed", `Got other than the ${to - from} bytes that were asked for`, {
      hint: "Run again; if it stays, something between here and the bucket changes what it passes on.",
    });
  }
}

/** What the promise gives, or the signal's reason as soon as it is aborted. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
