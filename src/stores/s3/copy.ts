import { UploadPartCopyCommand } from "@aws-sdk/client-s3";
import { LARGE, repeat } from "../retry.ts";
import type { CopiedBody, Head, PutResult } from "../store.ts";
import type { Connection } from "./connect.ts";
import { explain, writing } from "./explain.ts";
import { mayPass } from "./failure.ts";
import { type Part, upload } from "./multipart.ts";

/** In bytes; S3 copies at most 5 GiB as one part. */
const PART = 1 << 30;

/**
 * Creates an object as a copy of another one of the same server, by the server alone. In parts, even where one is enough:
 * servers honour conditions at the completion of an upload, where not all do so of a copy at once. `head` is the state of
 * the other one that is copied, `partSize` at least 5 MiB.
 */
export async function copyInParts(
  connection: Connection,
  name: string,
  from: { bucket: string; name: string; head: Head },
  { size, sha256 }: CopiedBody,
  partSize = PART,
): Promise<PutResult> {
  const { client } = connection;
  const CopySource = [from.bucket, ...from.name.split("/")].map(encodeURIComponent).join("/");
  return await upload(connection, name, { sha256, condition: { create: true } }, async (begun) => {
    const parts: Part[] = [];
    for (let at = 0; at < size; at += partSize) {
      const PartNumber = parts.length + 1;
      const { CopyPartResult: result } = await repeat(({ signal }) =>
        client.send(
          new UploadPartCopyCommand({
            ...begun,
            PartNumber,
            CopySource,
            CopySourceRange: `bytes=${at}-${Math.min(size, at + partSize) - 1}`,
            CopySourceIfMatch: from.head.token,
          }),
          { abortSignal: signal },
        ), { patience: { ...LARGE, silence: LARGE.total }, transient: mayPass }).catch((error: unknown) => {
          throw explain(error, writing(connection, name), connection);
        });
      parts.push({ PartNumber, ETag: result?.ETag });
    }
    return parts;
  });
}
