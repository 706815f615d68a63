/** How many bytes leave at a time: small enough for signs of life on a slow line. */
const SLICE = 256 << 10;

/** Bytes as a request's body; `onSlice` is told of those that leave. Few bytes go as they are, with their length. */
export function sending(
  bytes: Uint8Array,
  onSlice: (length: number) => void,
): Uint8Array | ReadableStream<Uint8Array> {
  if (bytes.length <= SLICE) return bytes;
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      // Copied, as the platform may keep what it is given.
      const slice = bytes.slice(at, at + SLICE);
      if (slice.length === 0) return controller.close();
      at += slice.length;
      onSlice(slice.length);
      controller.enqueue(slice);
    },
  });
}
