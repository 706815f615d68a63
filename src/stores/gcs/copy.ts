import * as v from "valibot";
import { LARGE, once } from "../retry.ts";
import type { CopiedBody, Head, PutResult } from "../store.ts";
import { metadataOf, settle } from "./conditional.ts";
import type { Connection } from "./connect.ts";
import { statusError } from "./explain.ts";
import { DIGITS, objectPath } from "./facts.ts";
import { streamOf } from "../sending.ts";

/** https://cloud.google.com/storage/docs/json_api/v1/objects/rewrite */
const progress = v.variant("done", [
  v.object({ done: v.literal(false), rewriteToken: v.string() }),
  v.object({ done: v.literal(true), resource: v.object({ generation: DIGITS }) }),
]);

/**
 * Creates an object as a copy of another one, by Google alone: in as many calls as it takes between two locations. `head`
 * is the state of the other one that is copied.
 */
export async function copy(
  connection: Connection,
  name: string,
  from: { bucket: string; name: string; head: Head },
  { sha256 }: CopiedBody,
): Promise<PutResult> {
  const path = `${objectPath(from.bucket, from.name)}/rewriteTo${
    objectPath(connection.bucket, name).replace("/storage/v1", "")
  }`;
  const query = { ifGenerationMatch: "0", sourceGeneration: from.head.token };
  const text = JSON.stringify(metadataOf(name, sha256));
  const headers = { "content-type": "application/json" };
  return await settle(connection, name, async () => {
    let rewriteToken: string | undefined;
    for (;;) {
      const again = rewriteToken === undefined ? {} : { rewriteToken };
      const answer = await once(
        ({ signal }) =>
          connection.send({
            method: "POST",
            path,
            query: { ...query, ...again },
            headers,
            body: streamOf(new TextEncoder().encode(text)),
            signal,
          }),
        LARGE.total,
      );
      if (!answer.ok) throw await statusError(answer);
      const now = v.parse(progress, await answer.json());
      if (now.done) return now.resource.generation;
      rewriteToken = now.rewriteToken;
    }
  });
}
