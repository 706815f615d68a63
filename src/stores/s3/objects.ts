import type { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
} from "@aws-sdk/client-s3";
import { MlforgeError } from "../../error.ts";
import type { ListedObject } from "../bucket.ts";
import type { Objects } from "../prefixed.ts";
import { inPieces, PIECE, type Range } from "../pieces.ts";
import { once, repeat, SMALL } from "../retry.ts";
import type { Got, Head, Token } from "../store.ts";
import type { Connection } from "./connect.ts";
import { copyInParts } from "./copy.ts";
import { type Action, explain, reading } from "./explain.ts";
import { failureOf, mayPass } from "./failure.ts";
import { sha256Of } from "./metadata.ts";
import { abortOldUploads } from "./old_uploads.ts";
import { goesInParts, put } from "./put.ts";

export function openObjects(connection: Connection): Objects {
  const { client, bucket: Bucket } = connection;
  let bucketIsThere = false;

  /** Asks until there is an answer; what the answer refuses with is given to `refused`, which throws or replaces it. */
  async function ask<T, U = never>(
    action: Action,
    work: (options: { abortSignal: AbortSignal }) => Promise<T>,
    refused: (error: unknown) => U = (error) => {
      throw error;
    },
  ): Promise<T | U> {
    try {
      const options = { patience: SMALL, transient: mayPass };
      return await repeat(({ signal }) => work({ abortSignal: signal }), options).catch(refused);
    } catch (error) {
      throw explain(error, action, connection);
    }
  }

  /** Refusals of a HEAD have no words: where it matters why, a GET of one byte is asked as well. */
  async function head(name: string): Promise<Head | undefined> {
    let missing = false;
    const found = await ask(
      reading(connection, name),
      (options) => client.send(new HeadObjectCommand({ Bucket, Key: name }), options),
      (error) => {
        const { status } = failureOf(error);
        if (status === undefined || status >= 500) throw error;
        missing = status === 404;
        return undefined;
      },
    );
    if (found !== undefined) return headOf(found, found.ContentLength);
    // Of a missing object only the first time: the bucket itself may be missing.
    if (missing && bucketIsThere) return undefined;
    const answer = await fetch(name, [0, 1], undefined);
    bucketIsThere = true;
    if (answer === undefined || answer === "empty") return undefined;
    await bodyOf(answer).cancel();
    return missing ? undefined : headOf(answer, sizeOf(answer));
  }

  /**
   * The answer to a GET of a range; "empty" where no byte of it is there, undefined where there is no such object, or not
   * in that state any more.
   */
  function fetch(name: string, [from, to]: Range, match: Token | undefined) {
    const command = () =>
      new GetObjectCommand({
        Bucket,
        Key: name,
        Range: `bytes=${from}-${to - 1}`,
        ...(match === undefined ? {} : { IfMatch: match }),
      });
    return ask(reading(connection, name), (options) => client.send(command(), options), (error) => {
      const { status, kind } = failureOf(error);
      if (status === 416) return "empty" as const;
      if ((status === 404 && kind !== "no bucket") || status === 412) return undefined;
      throw error;
    });
  }

  async function get(
    name: string,
    { range: [from, to] = [0, Infinity], match }: { range?: Range; match?: Token } = {},
  ): Promise<Got | undefined> {
    if (to <= from) return await nothingOf(name, match);
    const answer = await fetch(name, [from, Math.min(to, from + PIECE)], match);
    if (answer === undefined) return undefined;
    if (answer === "empty") return await nothingOf(name, match);
    const found = headOf(answer, sizeOf(answer));
    const open = async (range: Range) => {
      const again = await fetch(name, range, found.token);
      if (again !== undefined && again !== "empty") return bodyOf(again);
      throw new MlforgeError(
        "failed",
        `Can't read s3://${Bucket}/${name}: it changed while it was being read`,
        {
          hint: "Run again.",
        },
      );
    };
    const body = inPieces(bodyOf(answer), {
      range: [from, Math.min(to, found.size)],
      open,
      explain: (error) => explain(error, reading(connection, name), connection),
    });
    return { ...found, body };
  }

  /** No bytes of an object: a range of length zero can't be asked for. */
  async function nothingOf(name: string, match: Token | undefined): Promise<Got | undefined> {
    const found = await head(name);
    if (found === undefined || (match !== undefined && found.token !== match)) return undefined;
    return { ...found, body: new ReadableStream({ start: (controller) => controller.close() }) };
  }

  return {
    head,
    get,
    async *list(prefix): AsyncIterable<ListedObject> {
      let after: string | undefined;
      do {
        const page = await ask(
          { doing: `list s3://${Bucket}/${prefix}`, needs: "s3:ListBucket" },
          (options) =>
            client.send(
              new ListObjectsV2Command({
                Bucket,
                Prefix: prefix,
                // Not every name can stand in XML.
                EncodingType: "url",
                ...(after === undefined ? {} : { ContinuationToken: after }),
              }),
              options,
            ),
        );
        for (const { Key, Size, ETag } of page.Contents ?? []) {
          if (Key !== undefined && Size !== undefined && ETag !== undefined) {
            // A server need not follow the wish.
            const name = page.EncodingType === "url" ? decodeURIComponent(Key.replaceAll("+", " ")) : Key;
            yield { name, size: Size, token: ETag as Token };
          }
        }
        after = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (after !== undefined);
    },
    async put(name, body, condition) {
      // A large body for a name that is taken need not travel.
      if ("create" in condition && goesInParts(body) && await head(name) !== undefined) {
        return { kind: "conflict" };
      }
      return await put(connection, name, body, condition);
    },
    abortUploads: (prefix, before) => abortOldUploads(connection, prefix, before),
    async copy(name, from, body) {
      const head = await openObjects({ ...connection, bucket: from.bucket }).head(from.name);
      if (head?.sha256 !== body.sha256 || head.size !== body.size) return undefined;
      return await copyInParts(connection, name, { ...from, head }, body);
    },
    async delete(name) {
      // Once: a second one might meet what somebody created after the first.
      try {
        await once(
          ({ signal: abortSignal }) =>
            client.send(new DeleteObjectCommand({ Bucket, Key: name }), { abortSignal }),
          SMALL.total,
        );
      } catch (error) {
        throw explain(
          error,
          { doing: `delete s3://${Bucket}/${name}`, needs: "s3:DeleteObject" },
          connection,
        );
      }
    },
  };
}

function headOf(
  { ETag, Metadata }: { ETag?: string | undefined; Metadata?: Record<string, string> | undefined },
  size: number | undefined,
): Head {
  if (ETag === undefined || size === undefined) {
    throw new MlforgeError("failed", "Can't read an object: the answer names no ETag or no size", {
      hint: 'It is none of S3\'s. Check the "endpoint" of the store.',
    });
  }
  const sha256 = sha256Of(Metadata);
  return { size, token: ETag as Token, ...(sha256 === undefined ? {} : { sha256 }) };
}

/** Of the whole object, where the answer is a part of it. */
function sizeOf({ ContentRange, ContentLength }: GetObjectCommandOutput): number | undefined {
  const total = /\/(\d+)$/.exec(ContentRange ?? "")?.[1];
  return total === undefined ? ContentLength : Number(total);
}

function bodyOf({ Body }: GetObjectCommandOutput): ReadableStream<Uint8Array> {
  if (Body === undefined) throw new Error("The answer has no body");
  return Body instanceof ReadableStream ? Body : byteStream(Body as Readable);
}

/** Not by `transformToWebStream`: what Deno 2.4 makes of a stream of Node closes twice. */
function byteStream(body: Readable): ReadableStream<Uint8Array> {
  const chunks = body.iterator();
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const { value, done } = await chunks.next();
      // Copied, as Node's chunks share their memory with others.
      if (!done) return controller.enqueue(new Uint8Array(value));
      controller.close();
      controller.byobRequest?.respond(0);
    },
    cancel: () => void body.destroy(),
  }, { highWaterMark: 0 });
}
