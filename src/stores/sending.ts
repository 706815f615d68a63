/** How many bytes leave at a time: small enough for signs of life on a slow line. */
const SLICE = 256 << 10;

/**
 * Bytes as a request's body; `onSlice` is told of those that leave. Always a stream: what the platform has as bytes it sends
 * once more, by itself, where the connection closes before the answer; a conditional write must not be repeated. They are
 * not copied: who changes them before all have left sends what the server refuses by its checksum.
 */
export function streamOf(
  bytes: Uint8Array,
  onSlice: (length: number) => void = () => {},
): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      const slice = bytes.subarray(at, at + SLICE);
      if (slice.length === 0) return controller.close();
      at += slice.length;
      onSlice(slice.length);
      controller.enqueue(slice);
    },
  });
}
