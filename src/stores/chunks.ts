/** Bytes that come one after another, into memory that whoever reads them brings. */
export interface Chunks {
  /**
   * The next bytes, at the front of the memory that `into` lies in, which is the caller's again only with them; undefined
   * at the end.
   */
  read(into: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Lets go of them, without waiting. */
  leave(): void;
}

/** Large enough for all that a connection has at hand, small enough for the processor's cache. In bytes. */
const CHUNK = 256 << 10;

/**
 * The bytes of a body of `Got`, chunk by chunk, for half of what they cost as the stream gives them by itself: that is new
 * memory for each 64 kB. The memory of a chunk serves the next one again, so none may be kept.
 */
export async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  const reader = body.getReader({ mode: "byob" });
  try {
    let memory = new ArrayBuffer(CHUNK);
    for (;;) {
      const { value, done } = await reader.read(new Uint8Array(memory));
      if (done) return;
      yield value;
      memory = value.buffer;
    }
  } finally {
    await reader.cancel();
  }
}

/** A body of `Got` that gives these bytes. */
export function bodyOfChunks({ read, leave }: Chunks): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: "bytes",
    // For who brings no memory.
    autoAllocateChunkSize: CHUNK / 4,
    async pull(controller) {
      const request = controller.byobRequest;
      const bytes = await read(request?.view as Uint8Array<ArrayBuffer>);
      if (bytes !== undefined) return request?.respondWithNewView(bytes);
      controller.close();
      request?.respond(0);
    },
    cancel: leave,
  }, { highWaterMark: 0 });
}
