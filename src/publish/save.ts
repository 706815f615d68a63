import { createHash } from "node:crypto";
import { chunksOf } from "../stores/chunks.ts";

/**
 * Writes a body into a new file, and gives the hex SHA-256 of what it wrote. `onBytes` is told of bytes as they come.
 *
 * Pieces are written where they come, without another thread: each is some 100 kB into the system's cache, and going to a thread
 * and back took as long as all else together, several times as long on a busy machine.
 */
export async function save(
  body: ReadableStream<Uint8Array>,
  path: string,
  onBytes: (bytes: number) => void = () => {},
): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path, { write: true, createNew: true });
  for await (const chunk of chunksOf(body)) {
    hash.update(chunk);
    for (let at = 0; at < chunk.length;) at += file.writeSync(chunk.subarray(at));
    onBytes(chunk.length);
  }
  return hash.digest("hex");
}
