import { MlforgeError } from "../../error.ts";
import { cleanCause } from "../cause.ts";
import { isTimeout } from "../retry.ts";
import type { Connection } from "./connect.ts";

/** What was asked of S3, for the sentence that says it failed. */
export interface Action {
  /** As it stands after "Can't": `read s3://bucket/key`. */
  doing: string;
  /** The permission it takes. */
  needs: string;
}

/** What is known of a failed request. */
export interface Failure {
  /** S3's word (`NoSuchBucket`), or the SDK's for what never got there. */
  name: string;
  /** The answer's; undefined where there was none. */
  status: number | undefined;
  /** The system's, as ECONNREFUSED. */
  code: string | undefined;
}

export function failureOf(error: unknown): Failure {
  const { name, $metadata, code } = Object(error);
  return {
    name: typeof name === "string" ? name : "",
    status: typeof $metadata?.httpStatusCode === "number" ? $metadata.httpStatusCode : undefined,
    code: typeof code === "string" ? code : undefined,
  };
}

/** Whether the same request may succeed a moment later. */
export function isTransient(error: unknown): boolean {
  const { name, status, code } = failureOf(error);
  if (status !== undefined) return status >= 500 || status === 429 || status === 408 || BUSY.has(name);
  return code !== undefined && !code.startsWith("CERT") && code !== "ENOTFOUND";
}

/** Whether a request without an answer failed before any of it left. */
export function neverSent({ name, code }: Failure): boolean {
  return name === "CredentialsProviderError" || name === "TokenProviderError" ||
    (code !== undefined && NO_WAY.has(code));
}

const NO_WAY = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

const BUSY = new Set(["SlowDown", "RequestTimeout", "IncompleteBody"]);

/** A failed request in our words. What is an error of mlforge already is given back as it is. */
export function explain(error: unknown, { doing, needs }: Action, { bucket }: Connection): MlforgeError {
  if (error instanceof MlforgeError) return error;
  const { name, status } = failureOf(error);
  const cause = cleanCause(error);
  const fail = (why: string, hint: string) =>
    new MlforgeError("failed", `Can't ${doing}: ${why}`, { hint, cause });
  if (isTimeout(error)) return fail("the server does not answer", "Try again later.");
  if (name === "NoSuchBucket") return fail(`there is no bucket "${bucket}"`, "Check its name.");
  if (status === 403) return fail("access is denied", `It takes the permission ${needs}.`);
  return fail(cause.message, "See --verbose.");
}
