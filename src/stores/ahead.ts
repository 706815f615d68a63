import type { Chunks } from "./chunks.ts";

/** Bytes that can be taken before they are asked for. */
export interface Ahead extends Chunks {
  /** Takes and keeps all of them, until the first one is asked for. */
  start(): void;
}

/** So much is taken at a time. In bytes. */
const STEP = 64 << 10;

export function readingAhead(chunks: Chunks): Ahead {
  const kept: Uint8Array[] = [];
  let reading: Promise<void> | undefined;
  let asked = false;

  async function take(): Promise<void> {
    let memory = new ArrayBuffer(STEP);
    while (!asked) {
      const bytes = await chunks.read(new Uint8Array(memory));
      if (bytes === undefined) return;
      kept.push(bytes.slice());
      memory = bytes.buffer;
    }
  }

  return {
    start() {
      reading ??= take();
      // Thrown when their turn comes.
      reading.catch(() => {});
    },
    async read(into) {
      asked = true;
      if (kept.length === 0) await reading;
      const next = kept.shift();
      if (next === undefined) return await chunks.read(into);
      const bytes = into.subarray(0, next.length);
      bytes.set(next.subarray(0, bytes.length));
      if (bytes.length < next.length) kept.unshift(next.subarray(bytes.length));
      return bytes;
    },
    leave: chunks.leave,
  };
}
