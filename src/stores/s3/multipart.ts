import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { LARGE, once, repeat, SMALL } from "../retry.ts";
import type { Condition, PutResult } from "../store.ts";
import { conditionOf, outcomeOf } from "./conditional.ts";
import type { Connection } from "./connect.ts";
import { type Action, explain, writing } from "./explain.ts";
import { mayPass } from "./failure.ts";
import { type FileBody, type FileParts, openFile } from "../file_parts.ts";
import { metadataOf } from "./metadata.ts";
import { sending } from "./sending.ts";

/** In bytes; S3 allows 10,000 parts of at least 5 MiB, so that files above 80 GiB take larger ones. */
const PART = 8 << 20;
const MOST_PARTS = 10_000;

/** Parts of one file on their way at once, each in a buffer of its own. */
const LANES = 4;

/** A part that the server has: its number, and its ETag (and CRC-32, where it has one) as the completion names them. */
export interface Part {
  PartNumber: number;
  ETag: string | undefined;
  ChecksumCRC32?: string | undefined;
}

/** One multipart upload: all its requests name these. */
export interface Upload {
  Bucket: string;
  Key: string;
  UploadId: string | undefined;
}

/**
 * Puts a file in parts. Each is checked by the server (CRC-32) and sent again where it failed; what was read is checked
 * (SHA-256) before the completion.
 */
export async function putInParts(
  connection: Connection,
  name: string,
  body: FileBody,
  condition: Condition,
): Promise<PutResult> {
  const action = writing(connection, name);
  using file = await openFile(body);
  return await upload(
    connection,
    name,
    { sha256: body.sha256, checksum: "CRC32", condition },
    async (upload) => {
      const parts = await sendParts(connection, upload, { file, body, action });
      file.verify();
      return parts;
    },
  );
}

export interface UploadOptions {
  sha256: string;
  /** Of each part, where the server is to check them. */
  checksum?: "CRC32";
  condition: Condition;
}

/**
 * One multipart upload, whose parts `bring` brings. Nothing is there until the completion, which alone is conditional. An
 * upload that does not come to its end is aborted; without the right to do so its parts stay until the bucket's lifecycle
 * takes them.
 */
export async function upload(
  connection: Connection,
  name: string,
  { sha256, checksum, condition }: UploadOptions,
  bring: (upload: Upload) => Promise<Part[]>,
): Promise<PutResult> {
  const { client, bucket } = connection;
  const action = writing(connection, name);
  const begun = await repeat(({ signal }) =>
    client.send(
      new CreateMultipartUploadCommand({
        Bucket: bucket,
        Key: name,
        ...(checksum === undefined ? {} : { ChecksumAlgorithm: checksum }),
        Metadata: metadataOf(sha256),
      }),
      { abortSignal: signal },
    ), { patience: SMALL, transient: mayPass })
    .then(({ UploadId }): Upload => ({ Bucket: bucket, Key: name, UploadId }))
    .catch((error: unknown) => {
      throw explain(error, action, connection);
    });
  let done = false;
  try {
    const parts = await bring(begun);
    const complete = () =>
      once(({ signal }) =>
        client.send(
          new CompleteMultipartUploadCommand({
            ...begun,
            MultipartUpload: { Parts: parts },
            ...conditionOf(condition),
          }),
          { abortSignal: signal },
          // The server puts the parts together meanwhile.
        ), LARGE.total);
    const result = await outcomeOf(complete, action, connection);
    done = result.kind === "written";
    return result;
  } finally {
    // After an unknown completion too: where it was not applied yet, it never will be.
    if (!done) await abort(connection, begun);
  }
}

/**
 * Sends all parts, some at once; gives them in order. The first error is thrown when nothing is on its way any more: a part
 * that arrives after the upload was aborted stays.
 */
async function sendParts(
  connection: Connection,
  upload: Upload,
  { file, body, action }: { file: FileParts; body: FileBody; action: Action },
): Promise<Part[]> {
  const partSize = Math.max(PART, Math.ceil(body.size / MOST_PARTS));
  const count = Math.ceil(body.size / partSize);
  const parts: Part[] = [];
  const errors: unknown[] = [];
  const failed = () => errors.length > 0;
  let started = 0;
  // Reads come one after another, as the file's hash does.
  let reading: Promise<unknown> = Promise.resolve();

  async function lane(): Promise<void> {
    const buffer = new Uint8Array(partSize);
    while (started < count && !failed()) {
      const number = ++started;
      const read = reading.then(() => file.next(buffer));
      reading = read.catch(() => {});
      const bytes = await read;
      parts[number - 1] = await sendPart(connection, upload, {
        number,
        bytes,
        failed,
        onSent: body.onSent,
      });
    }
  }

  const lanes = Array.from(
    { length: Math.min(LANES, count) },
    () => lane().catch((error) => errors.push(error)),
  );
  await Promise.all(lanes);
  if (errors.length > 0) throw explain(errors[0], action, connection);
  return parts;
}

interface PartBody {
  /** From 1. */
  number: number;
  bytes: Uint8Array;
  /** Whether another part has failed for good: then this one is not tried again. */
  failed: () => boolean;
  onSent: ((bytes: number) => void) | undefined;
}

async function sendPart(
  { client }: Connection,
  upload: Upload,
  { number, bytes, failed, onSent }: PartBody,
): Promise<Part> {
  const checksum = new Uint8Array(4);
  new DataView(checksum.buffer).setUint32(0, crc32(bytes));
  const part = { PartNumber: number, ChecksumCRC32: Buffer.from(checksum).toString("base64") };
  const { ETag } = await repeat(({ signal, alive }) => {
    const sent = sending(bytes, (length) => {
      alive();
      onSent?.(length);
    });
    return client.send(
      new UploadPartCommand({ ...upload, ...part, Body: sent, ContentLength: bytes.length }),
      { abortSignal: signal },
    );
  }, { patience: LARGE, transient: (error) => !failed() && mayPass(error) });
  return { ...part, ETag };
}

/** Takes an upload's parts away. Where that fails they cost money, and nothing else; so it is no error. */
async function abort({ client }: Connection, upload: Upload): Promise<void> {
  await repeat(
    ({ signal }) => client.send(new AbortMultipartUploadCommand({ ...upload }), { abortSignal: signal }),
    { patience: SMALL, transient: mayPass },
  ).catch(() => {});
}
