import { once } from "../retry.ts";
import type { Body, Condition, PutResult } from "../store.ts";
import { putByWay, type Whole } from "../whole.ts";
import { metadataOf, outcomeOf, writeQuery } from "./conditional.ts";
import type { Connection } from "./connect.ts";
import { crc32c, textOfCrc32c } from "./crc32c.ts";
import { putResumably } from "./resumable.ts";
import { streamOf } from "../sending.ts";

/** From this size on a file is not held in memory. In bytes. */
const RESUMABLE_FROM = 16 << 20;

/** As `Store.put`, by the object's whole name. */
export async function put(
  connection: Connection,
  name: string,
  body: Body,
  condition: Condition,
): Promise<PutResult> {
  return await putByWay(body, {
    isLarge: ({ size }) => size >= RESUMABLE_FROM,
    large: (file) => putResumably(connection, name, file, condition),
    whole: (bytes) => putAtOnce(connection, name, bytes, condition),
  });
}

async function putAtOnce(
  connection: Connection,
  name: string,
  { bytes, sha256, onSent, silence }: Whole,
  condition: Condition,
): Promise<PutResult> {
  const crc = crc32c(bytes);
  // Google refuses what does not arrive as it was sent.
  const { content, type } = related({ ...metadataOf(name, sha256), crc32c: textOfCrc32c(crc) }, bytes);
  const result = await outcomeOf(
    connection,
    { name, crc },
    () =>
      once(({ signal, alive }) =>
        connection.send({
          method: "POST",
          path: `/upload/storage/v1/b/${connection.bucket}/o`,
          query: { uploadType: "multipart", ...writeQuery(condition) },
          headers: { "content-type": type },
          body: streamOf(content, alive),
          signal,
        }), silence),
  );
  if (result.kind === "written") onSent?.(bytes.length);
  return result;
}

/** An object's metadata and its bytes as one body. */
function related(metadata: object, bytes: Uint8Array): { content: Uint8Array; type: string } {
  const boundary = crypto.randomUUID();
  const encoder = new TextEncoder();
  const head = encoder.encode(
    `--${boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(metadata)}\r\n` +
      `--${boundary}\r\nContent-Type: application/octet-stream\r\n\r\n`,
  );
  const tail = encoder.encode(`\r\n--${boundary}--`);
  const content = new Uint8Array(head.length + bytes.length + tail.length);
  content.set(head, 0);
  content.set(bytes, head.length);
  content.set(tail, head.length + bytes.length);
  return { content, type: `multipart/related; boundary=${boundary}` };
}
