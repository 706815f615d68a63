import { createHash } from "node:crypto";
import * as v from "valibot";
import { MlforgeError } from "../../error.ts";
import { cleanCause } from "../cause.ts";
import { fileError } from "../files.ts";
import { LARGE, once } from "../retry.ts";
import type { Body, Condition, PutResult, Token } from "../store.ts";
import type { Connection } from "./connect.ts";
import { explain, isTransient, statusError, statusOf, wasNeverSent } from "./explain.ts";
import { DIGITS, SHA256 } from "./facts.ts";

const created = v.object({ generation: DIGITS });

export async function put(
  connection: Connection,
  name: string,
  body: Body,
  condition: Condition,
): Promise<PutResult> {
  const bytes = await bytesOf(body);
  const { content, type } = related(metadataOf(name, body.sha256, bytes), bytes);
  try {
    const { generation } = await once(async ({ signal }) => {
      const answer = await connection.send({
        method: "POST",
        path: `/upload/storage/v1/b/${connection.bucket}/o`,
        query: { uploadType: "multipart", fields: "generation", ifGenerationMatch: generationOf(condition) },
        headers: { "content-type": type },
        body: content,
        signal,
      });
      if (!answer.ok) throw await statusError(answer);
      return v.parse(created, await answer.json());
    }, LARGE.silence);
    if ("file" in body) body.onSent?.(body.size);
    return { kind: "written", token: generation as Token };
  } catch (error) {
    if (statusOf(error) === 412) return { kind: "conflict" };
    if (isUncertain(error)) return { kind: "unknown", cause: cleanCause(error) };
    const action = { doing: `write gs://${connection.bucket}/${name}`, needs: "storage.objects.create" };
    throw explain(error, action, connection);
  }
}

/** Whether a failed write may have been applied, or may be later. */
function isUncertain(error: unknown): boolean {
  if (error instanceof MlforgeError || wasNeverSent(error)) return false;
  return isTransient(error) || statusOf(error) === 409;
}

/** No object has generation 0: to match it is to create. */
function generationOf(condition: Condition): string {
  return "create" in condition ? "0" : condition.match;
}

async function bytesOf(body: Body): Promise<Uint8Array> {
  const bytes = "bytes" in body ? body.bytes : await read(body.file);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 === body.sha256) return bytes;
  throw new MlforgeError(
    "failed",
    `Refused to store a body whose SHA-256 is ${sha256}, not ${body.sha256}`,
    {
      hint: "The file was changed while it was being stored. Run again.",
    },
  );
}

async function read(file: string): Promise<Uint8Array> {
  return await Deno.readFile(file).catch((cause: unknown) => {
    throw fileError("read", file, cause);
  });
}

function metadataOf(name: string, sha256: string, bytes: Uint8Array): object {
  return {
    name,
    contentType: "application/octet-stream",
    // What anyone may read, caches in between would show in old states.
    cacheControl: "no-cache",
    // Google refuses what does not arrive as it was sent.
    md5Hash: createHash("md5").update(bytes).digest("base64"),
    metadata: { [SHA256]: sha256 },
  };
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
