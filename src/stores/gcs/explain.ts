import * as v from "valibot";
import { MlforgeError } from "../../error.ts";
import { cleanCause } from "../cause.ts";
import { isTimeout } from "../retry.ts";
import { nameOf } from "./chain.ts";
import type { Connection } from "./connect.ts";
import { networkProblem, wholeMessage } from "./network.ts";

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

/** Whether the same request may succeed a moment later. */
export function isTransient(error: unknown): boolean {
  if (error instanceof MlforgeError) return false;
  const status = statusOf(error);
  if (status !== undefined) return status === 408 || status === 429 || status >= 500;
  return networkProblem(error)?.transient !== false;
}

/** A failed request in our words. What is an error of mlforge already is given back as it is. */
export function explain(error: unknown, action: Action, connection: Connection): MlforgeError {
  if (error instanceof MlforgeError) return error;
  const status = statusOf(error);
  const [why, hint] = status === undefined
    ? whyOfWay(error, connection)
    : whyOfAnswer({ status, busy: isTransient(error) }, action, connection);
  return new MlforgeError("failed", `Can't ${action.doing}: ${why}`, { hint, cause: cleanCause(error) });
}

type Why = [why: string, hint: string];

/** Why the server refused. A 404 is the bucket's here: of a missing object nobody asks for an explanation. */
function whyOfAnswer(
  { status, busy }: { status: number; busy: boolean },
  { needs }: Action,
  { bucket, endpoint: { host }, credentials }: Connection,
): Why {
  const who = nameOf(credentials.link);
  if (status === 401) return [`${host} does not take ${who}`, "Sign in again."];
  if (status === 403) {
    return [
      "access is denied",
      `${needs} on bucket "${bucket}" is not allowed to ${who}; docs/stores.md has the roles.`,
    ];
  }
  if (status === 404) return [`there is no bucket "${bucket}"`, "Check its name."];
  if (status < 400) return [`${host} sends elsewhere (status ${status})`, CHECK_ENDPOINT];
  if (busy) return [`${host} is busy or broken (status ${status})`, "Run again later."];
  return [`${host} refused it (status ${status})`, "With --verbose there is more of what it said."];
}

/** Why no answer came. */
function whyOfWay(error: unknown, { endpoint: { host } }: Connection): Why {
  if (isTimeout(error)) return [`${host} does not answer`, CHECK_NETWORK];
  const problem = networkProblem(error);
  return problem === undefined
    ? [`the answer of ${host} is none of Google's`, CHECK_ENDPOINT]
    : [`${host} ${problem.what}`, CHECK_NETWORK];
}

/** Whether an answer says that the bucket is missing. Google does; an emulator only says that something is. */
export function isBucketMissing(error: unknown): boolean {
  return statusOf(error) === 404 && /bucket does not exist|NoSuchBucket/i.test(wholeMessage(error));
}

const CHECK_NETWORK = 'Check the network, a proxy on the way, and the "endpoint" of the store.';
const CHECK_ENDPOINT = 'Check the "endpoint" of the store. Redirects are not followed.';
