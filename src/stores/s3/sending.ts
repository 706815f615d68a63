import { Readable } from "node:stream";

/** How many bytes go to the connection at a time: small enough for signs of life on a slow line. */
const SLICE = 256 * 1024;

/** Bytes as the body of one request; `onSlice` is told of those that the connection has taken. */
export function sending(bytes: Uint8Array, onSlice: (length: number) => void): Readable {
  let at = 0;
  return new Readable({
    highWaterMark: SLICE,
    read() {
      const slice = bytes.subarray(at, at + SLICE);
      at += slice.length;
      if (slice.length > 0) onSlice(slice.length);
      this.push(slice.length > 0 ? slice : null);
    },
  });
}
