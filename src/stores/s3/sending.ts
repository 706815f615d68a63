import { streamOf } from "../sending.ts";

/**
 * Bytes as the body of one request; `onSlice` is told of those that leave. In the shape of a Blob, as that is the only
 * stream whose length `fetch` sends along, without which S3 takes none.
 */
export function sending(bytes: Uint8Array, onSlice?: (length: number) => void): Blob {
  return Object.defineProperties(new Blob(), {
    size: { value: bytes.length },
    stream: { value: () => streamOf(bytes, onSlice) },
  });
}
