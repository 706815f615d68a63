import { MlforgeError } from "../../error.ts";
import { type FileBody, openFile } from "../file_parts.ts";
import { LARGE, once, repeat, SMALL } from "../retry.ts";
import type { Condition, PutResult } from "../store.ts";
import { metadataOf, outcomeOf, writeQuery, writing } from "./conditional.ts";
import type { Connection } from "./connect.ts";
import { crc32c, textOfCrc32c } from "./crc32c.ts";
import { explain, isTransient, statusError, statusOf } from "./explain.ts";
import { streamOf } from "../sending.ts";

/** Google takes a body in multiples of this, but for its end. In bytes. */
const UNIT = 256 << 10;

/** How much is read, hashed and passed on at a time. In bytes. */
const PIECE = 1 << 20;

/** What ends an upload: a file's last bytes, and the checksum of all. */
interface End {
  bytes: Uint8Array;
  crc: number;
}

/**
 * Puts a file by a resumable upload. Nothing is there until its last bytes come: that request alone is conditional, and is
 * never repeated. All before goes in one stream, which continues where the server says after it broke off. What was read
 * (SHA-256) is checked before the end is sent, what arrived (CRC-32C) by the server before it creates the object. In parallel
 * only parts that are objects of their own could go.
 */
export async function putResumably(
  connection: Connection,
  name: string,
  body: FileBody,
  condition: Condition,
): Promise<PutResult> {
  let upload: string | undefined;
  let done = false;
  try {
    upload = await openUpload(connection, { name, body, condition });
    const end = await sendToTheEnd(connection, upload, body);
    const result = await finish(connection, upload, { name, body, end });
    done = result.kind === "written";
    return result;
  } catch (error) {
    // Refused before anything travels.
    if (statusOf(error) === 412) return { kind: "conflict" };
    throw explain(error, writing(connection, name), connection);
  } finally {
    // After an unknown end too: where it was not applied yet, it never will be.
    if (upload !== undefined && !done) await abandon(connection, upload);
  }
}

/** Begins an upload, with the condition; gives the path that its bytes go to. */
async function openUpload(
  connection: Connection,
  { name, body, condition }: { name: string; body: FileBody; condition: Condition },
): Promise<string> {
  return await repeat(async ({ signal }) => {
    const answer = await connection.send({
      method: "POST",
      path: `/upload/storage/v1/b/${connection.bucket}/o`,
      query: { uploadType: "resumable", name, ...writeQuery(condition) },
      headers: { "content-type": "application/json; charset=UTF-8" },
      body: new TextEncoder().encode(JSON.stringify(metadataOf(name, body.sha256))),
      signal,
    });
    if (!answer.ok) throw await statusError(answer);
    await answer.body?.cancel();
    // Below our endpoint, whatever host it names: credentials go along.
    const { pathname, search } = new URL(answer.headers.get("location") ?? "", connection.endpoint);
    return pathname + search;
  }, { patience: SMALL, transient: isTransient });
}

/** Brings all but the last bytes to the server, however often that takes; gives these. */
async function sendToTheEnd(connection: Connection, upload: string, body: FileBody): Promise<End> {
  const { size } = body;
  const until = Math.floor((size - 1) / UNIT) * UNIT;
  // Undefined while it is not known.
  let arrived: number | undefined = 0;
  return await repeat(async ({ signal, alive }) => {
    const from = arrived ?? await askForArrived(connection, { upload, size, signal });
    arrived = undefined;
    // From the front each time, so that the checksums are of all that was read.
    using file = await openFile(body);
    let crc = 0;
    const next = async (length: number) => {
      const bytes = await file.next(new Uint8Array(length));
      crc = crc32c(bytes, crc);
      alive();
      return bytes;
    };
    for (let at = 0; at < from; at += PIECE) await next(Math.min(PIECE, from - at));
    if (from < until) {
      const content = pieces(until - from, async (length) => {
        const bytes = await next(length);
        body.onSent?.(length);
        return bytes;
      });
      const headers = { "content-range": `bytes ${from}-${until - 1}/${size}` };
      const answer = await connection.send({ method: "PUT", path: upload, headers, body: content, signal });
      arrived = await arrivedBy(answer);
      if (arrived < until) throw new Error(`Only ${arrived} of ${until} bytes have arrived`);
    }
    const bytes = await next(size - until);
    file.verify();
    return { bytes, crc };
  }, { patience: LARGE, transient: isTransient });
}

/** So many bytes as a request's body, read as it is sent. */
function pieces(length: number, read: (length: number) => Promise<Uint8Array>): ReadableStream<Uint8Array> {
  let left = length;
  return new ReadableStream({
    async pull(controller) {
      const piece = await read(Math.min(PIECE, left));
      left -= piece.length;
      controller.enqueue(piece);
      if (left === 0) controller.close();
    },
  });
}

async function askForArrived(
  connection: Connection,
  { upload, size, signal }: { upload: string; size: number; signal: AbortSignal },
): Promise<number> {
  const headers = { "content-range": `bytes */${size}` };
  return await arrivedBy(await connection.send({ method: "PUT", path: upload, headers, signal }));
}

/** How many bytes the server says it has. */
async function arrivedBy(answer: Response): Promise<number> {
  refuseDropped(answer);
  if (answer.status !== 308) throw await statusError(answer);
  await answer.body?.cancel();
  const last = /^bytes=0-(\d+)$/.exec(answer.headers.get("range") ?? "")?.[1];
  return last === undefined ? 0 : Number(last) + 1;
}

/** An upload that the server does not know (any more): nothing came of it, and nothing will. */
function refuseDropped({ status }: Response): void {
  if (status !== 404 && status !== 410) return;
  throw new MlforgeError("failed", `Google has dropped an upload that was on its way (status ${status})`, {
    hint: "Nothing of it was stored. Run again.",
  });
}

/** Sends the end of an upload, once; with it the object is there. */
async function finish(
  connection: Connection,
  upload: string,
  { name, body: { size, onSent }, end: { bytes, crc } }: { name: string; body: FileBody; end: End },
): Promise<PutResult> {
  const headers = {
    "content-range": `bytes ${size - bytes.length}-${size - 1}/${size}`,
    "x-goog-hash": `crc32c=${textOfCrc32c(crc)}`,
  };
  const result = await outcomeOf(connection, { name, crc }, () =>
    once(async ({ signal }) => {
      const answer = await connection.send({
        method: "PUT",
        path: upload,
        headers,
        body: streamOf(bytes),
        signal,
      });
      refuseDropped(answer);
      return answer;
    }, LARGE.total));
  if (result.kind === "written") onSent?.(bytes.length);
  return result;
}

/** Drops an upload. Where that fails it goes by itself after a week, and was never to be seen. */
async function abandon(connection: Connection, upload: string): Promise<void> {
  await once(({ signal }) => connection.send({ method: "DELETE", path: upload, signal }), SMALL.silence)
    .then((answer) => answer.body?.cancel()).catch(() => {});
}
