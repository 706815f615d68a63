import * as v from "valibot";
import { MlforgeError } from "../../error.ts";
import { cleanCause } from "../cause.ts";
import { isTimeout } from "../retry.ts";
import type { Connection } from "./connect.ts";

/** What was asked of Google, for the sentence that says it failed. */
export interface Action {
  /** As it stands after "Can't": `read gs://bucket/name`. */
  doing: string;
  /** The permission it takes. */
  needs: string;
}

/** An answer that is no success, as an error: it can be thrown through what repeats. */
interface StatusError extends Error {
  status: number;
}

/** Reads an answer that is no success. */
export async function statusError(answer: Response): Promise<StatusError> {
  const said = wordsOf(await answer.text()) || "no reason given";
  return Object.assign(new Error(said), { name: "StatusError", status: answer.status });
}

const jsonError = v.object({ error: v.object({ message: v.string() }) });

/** What an answer says, in the JSON API's words or the XML API's. */
function wordsOf(text: string): string {
  try {
    return v.parse(jsonError, JSON.parse(text)).error.message;
  } catch {
    const [code, details] = ["Code", "Details"].map((tag) => new RegExp(`<${tag}>([^<]*)`).exec(text)?.[1]);
    return code === undefined ? text.slice(0, 200).trim() : [code, details].filter(Boolean).join(": ");
  }
}

export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && error.name === "StatusError" ? (error as StatusError).status : undefined;
}

/** Whether the server may answer otherwise at the next try: it is busy, or nobody answered. */
export function isTransient(error: unknown): boolean {
  if (error instanceof MlforgeError) return false;
  const status = statusOf(error);
  return status === undefined ? !wasNeverSent(error) : status === 408 || status === 429 || status >= 500;
}

/** Whether a request failed while its connection was made: the server has seen nothing of it. */
export function wasNeverSent(error: unknown): boolean {
  return /client error \(Connect\)/.test(wholeMessage(error));
}

/** With those of its causes: versions of the platform put the reason here or there. */
function wholeMessage(error: unknown): string {
  return error instanceof Error ? `${error.message} ${wholeMessage(error.cause)}` : "";
}

/** A failed request in our words. What is an error of mlforge already is given back as it is. */
export function explain(error: unknown, { doing, needs }: Action, connection: Connection): MlforgeError {
  if (error instanceof MlforgeError) return error;
  const { bucket, endpoint } = connection;
  const cause = cleanCause(error);
  const fail = (why: string, hint: string) =>
    new MlforgeError("failed", `Can't ${doing}: ${why}`, { hint, cause });
  if (isBucketMissing(error)) return noBucket(error, doing, bucket);
  const status = statusOf(error);
  if (status !== undefined) {
    if (status === 401) return fail("the credentials were refused", SIGN_IN);
    if (status === 403) {
      return fail("access is denied", `It takes the permission ${needs}; docs/stores.md has the roles.`);
    }
    if (status < 400) return fail(`${endpoint.host} sends elsewhere (status ${status})`, CHECK_ENDPOINT);
    if (isTransient(error)) {
      return fail(`${endpoint.host} is busy or broken (status ${status})`, "Run again later.");
    }
    return fail(`${endpoint.host} refused it (status ${status})`, cause.message);
  }
  if (isTimeout(error)) return fail(`${endpoint.host} does not answer`, CHECK_NETWORK);
  const reason = wholeMessage(error);
  if (/dns error/.test(reason)) return fail(`no host "${endpoint.hostname}" is known`, CHECK_NETWORK);
  if (/tls|certificate/i.test(reason)) return fail(`no safe connection to ${endpoint.host}`, CHECK_TLS);
  if (wasNeverSent(error)) return fail(`no connection to ${endpoint.host}`, CHECK_NETWORK);
  return fail(`the connection to ${endpoint.host} broke off`, "Run again.");
}

export function noBucket(error: unknown, doing: string, bucket: string): MlforgeError {
  return new MlforgeError("usage", `Can't ${doing}: there is no bucket "${bucket}"`, {
    hint: "Check its name, or make it: gcloud storage buckets create.",
    cause: cleanCause(error),
  });
}

/** Google says which of the two is missing; of an emulator's 404 the caller must know. */
export function isBucketMissing(error: unknown): boolean {
  return statusOf(error) === 404 && /bucket does not exist|NoSuchBucket/i.test(wholeMessage(error));
}

const SIGN_IN = "Sign in again: docs/stores.md lists the ways.";
const CHECK_NETWORK = 'Check the network, a proxy on the way, and the "endpoint" of the store.';
const CHECK_ENDPOINT = 'Redirects are not followed. Check the "endpoint" of the store.';
const CHECK_TLS =
  "Check the clock, a proxy on the way, and the certificates that are trusted (DENO_TLS_CA_STORE, DENO_CERT).";
