import { cleanCause } from "../cause.ts";
import type { Condition, PutResult, Token } from "../store.ts";
import type { Connection } from "./connect.ts";
import { explain, failureOf, isTransient, neverSent } from "./explain.ts";

/** A condition as S3's requests take it. */
export function conditionOf(condition: Condition): { IfNoneMatch: string } | { IfMatch: string } {
  return "create" in condition ? { IfNoneMatch: "*" } : { IfMatch: condition.match };
}

/**
 * What a conditional write came to. Only a refusal that is certain to come before anything was written is thrown; an
 * answer that says neither yes nor no is `unknown`.
 */
export async function outcomeOf(
  connection: Connection,
  name: string,
  write: () => Promise<{ ETag?: string | undefined }>,
): Promise<PutResult> {
  try {
    const { ETag: token } = await write();
    return token === undefined
      ? { kind: "unknown", cause: new Error("The answer to a write names no ETag") }
      : { kind: "written", token: token as Token };
  } catch (error) {
    const failure = failureOf(error);
    const { name: said, status } = failure;
    // A match on a missing object is answered by 404 NoSuchKey.
    if (status === 412 || status === 409 || said === "NoSuchKey") return { kind: "conflict" };
    const refused = status !== undefined && status >= 300 && !isTransient(error) && said !== "NoSuchUpload";
    if (refused || (status === undefined && neverSent(failure))) {
      throw explain(
        error,
        { doing: `write s3://${connection.bucket}/${name}`, needs: "s3:PutObject" },
        connection,
      );
    }
    return { kind: "unknown", cause: cleanCause(error) };
  }
}
