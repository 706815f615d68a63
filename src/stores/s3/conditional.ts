import { MlforgeError } from "../../error.ts";
import { cleanCause } from "../cause.ts";
import type { Condition, PutResult, Token } from "../store.ts";
import type { Connection } from "./connect.ts";
import { type Action, explain } from "./explain.ts";
import { type Failure, failureOf, isTransient, wasNeverSent } from "./failure.ts";

/** A condition as S3's requests take it. */
export function conditionOf(condition: Condition): { IfNoneMatch: string } | { IfMatch: string } {
  return "create" in condition ? { IfNoneMatch: "*" } : { IfMatch: condition.match };
}

/**
 * What a conditional write came to. Only what is certain to have failed before anything was written is thrown; an answer
 * that says neither yes nor no is `unknown`.
 */
export async function outcomeOf(
  write: () => Promise<{ ETag?: string | undefined }>,
  action: Action,
  connection: Connection,
): Promise<PutResult> {
  try {
    const { ETag: token } = await write();
    return token === undefined
      ? { kind: "unknown", cause: new Error("The answer to a write names no ETag") }
      : { kind: "written", token: token as Token };
  } catch (error) {
    const failure = failureOf(error);
    // A match on a missing object is answered by 404 NoSuchKey.
    if (failure.status === 412 || failure.status === 409 || failure.name === "NoSuchKey") {
      return { kind: "conflict" };
    }
    if (error instanceof MlforgeError || isCertain(failure)) throw explain(error, action, connection);
    return { kind: "unknown", cause: cleanCause(error) };
  }
}

function isCertain(failure: Failure): boolean {
  if (failure.status === undefined) return wasNeverSent(failure);
  // An upload that is not known may have been completed, or taken away; what stands there tells.
  return failure.status >= 300 && failure.name !== "NoSuchUpload" && !isTransient(failure);
}
