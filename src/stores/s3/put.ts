import { Buffer } from "node:buffer";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { once } from "../retry.ts";
import type { Body, Condition, PutResult } from "../store.ts";
import { putByWay, type Whole } from "../whole.ts";
import { conditionOf, outcomeOf } from "./conditional.ts";
import type { Connection } from "./connect.ts";
import { writing } from "./explain.ts";
import { metadataOf } from "./metadata.ts";
import { putInParts } from "./multipart.ts";
import { sending } from "./sending.ts";

/** From this size on a file goes in parts. In bytes. */
const IN_PARTS_FROM = 16 << 20;

export function goesInParts(body: Body): boolean {
  return "file" in body && body.size >= IN_PARTS_FROM;
}

/** As `Store.put`, by the object's whole name. */
export async function put(
  connection: Connection,
  name: string,
  body: Body,
  condition: Condition,
): Promise<PutResult> {
  return await putByWay(body, {
    isLarge: goesInParts,
    large: (file) => putInParts(connection, name, file, condition),
    whole: (bytes) => putAtOnce(connection, name, bytes, condition),
  });
}

async function putAtOnce(
  connection: Connection,
  name: string,
  { bytes, sha256, onSent, silence }: Whole,
  condition: Condition,
): Promise<PutResult> {
  const { client, bucket } = connection;
  const write = () =>
    once(({ signal, alive }) => {
      const body = sending(bytes, (length) => {
        alive();
        onSent?.(length);
      });
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: name,
        Body: body,
        ContentLength: bytes.length,
        // The server compares it with what has arrived, and refuses another body.
        ChecksumSHA256: Buffer.from(sha256, "hex").toString("base64"),
        Metadata: metadataOf(sha256),
        ...conditionOf(condition),
      });
      return client.send(command, { abortSignal: signal });
    }, silence);
  return await outcomeOf(write, writing(connection, name), connection);
}
