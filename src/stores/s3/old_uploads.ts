import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { repeat, SMALL } from "../retry.ts";
import type { Connection } from "./connect.ts";
import { mayPass } from "./failure.ts";

/**
 * Gives up multipart uploads that were begun before a moment and never came to their end: their parts cost money, and
 * are seen by nobody. Gives how many; undefined where it may not be done, or the server has no such thing. An upload that
 * is still under way fails at its completion, and its writer reads what stands there.
 */
export async function abortOldUploads(
  { client, bucket: Bucket }: Connection,
  prefix: string,
  before: Date,
): Promise<number | undefined> {
  const ask = <T>(work: (options: { abortSignal: AbortSignal }) => Promise<T>) =>
    repeat(({ signal }) => work({ abortSignal: signal }), { patience: SMALL, transient: mayPass });
  let aborted = 0;
  try {
    let after: { KeyMarker: string | undefined; UploadIdMarker: string | undefined } | undefined;
    do {
      const page = await ask((options) =>
        client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: prefix, ...after }), options)
      );
      for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
        if (Key === undefined || Initiated === undefined || Initiated >= before) continue;
        // Not every server minds the wish for a prefix.
        if (!Key.startsWith(prefix)) continue;
        await ask((options) =>
          client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }), options)
        );
        aborted++;
      }
      after = page.IsTruncated
        ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
        : undefined;
    } while (after !== undefined);
    return aborted;
  } catch {
    return aborted === 0 ? undefined : aborted;
  }
}
