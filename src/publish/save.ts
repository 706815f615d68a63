import { createHash } from "node:crypto";

/** Writes a body into a new file, and gives the hex SHA-256 of what it wrote. `onBytes` is told of bytes as they come. */
export async function save(
  body: ReadableStream<Uint8Array>,
  path: string,
  onBytes: (bytes: number) => void = () => {},
): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path, { write: true, createNew: true });
  for await (const chunk of body) {
    hash.update(chunk);
    for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
    onBytes(chunk.length);
  }
  return hash.digest("hex");
}
