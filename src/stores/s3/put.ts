import { PutObjectCommand } from "@aws-sdk/client-s3";
import { fileError } from "../files.ts";
import { cleanCause } from "../cause.ts";
import { LARGE, once } from "../retry.ts";
import type { Body, Condition, PutResult, Token } from "../store.ts";
import type { Connection } from "./connect.ts";
import { explain, failureOf, isTransient } from "./explain.ts";

export async function put(
  connection: Connection,
  name: string,
  body: Body,
  condition: Condition,
): Promise<PutResult> {
  const { client, bucket } = connection;
  const bytes = "bytes" in body ? body.bytes : await read(body.file);
  try {
    const { ETag } = await once(({ signal }) =>
      client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: name,
          Body: bytes,
          ChecksumSHA256: base64(body.sha256),
          Metadata: { "mlforge-sha256": body.sha256 },
          ...("create" in condition ? { IfNoneMatch: "*" } : { IfMatch: condition.match }),
        }),
        { abortSignal: signal },
      ), LARGE.silence);
    if (ETag === undefined) return { kind: "unknown", cause: new Error("The answer names no ETag") };
    if ("file" in body) body.onSent?.(bytes.length);
    return { kind: "written", token: ETag as Token };
  } catch (error) {
    const { status, name: said } = failureOf(error);
    if (status === 412 || status === 409 || (status === 404 && said !== "NoSuchBucket")) {
      return { kind: "conflict" };
    }
    if (status === undefined || status < 400 || isTransient(error)) {
      return { kind: "unknown", cause: cleanCause(error) };
    }
    throw explain(error, { doing: `write s3://${bucket}/${name}`, needs: "s3:PutObject" }, connection);
  }
}

async function read(file: string): Promise<Uint8Array> {
  return await Deno.readFile(file).catch((cause: unknown) => {
    throw fileError("read", file, cause);
  });
}

function base64(hex: string): string {
  return btoa(String.fromCharCode(...Uint8Array.fromHex(hex)));
}
