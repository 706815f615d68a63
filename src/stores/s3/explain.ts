import { MlforgeError } from "../../error.ts";
import { cleanCause } from "../cause.ts";
import { isTimeout } from "../retry.ts";
import { describeLink, describeMissing } from "./chain.ts";
import type { Connection } from "./connect.ts";
import { type Failure, failureOf, isTransient } from "./failure.ts";

/** What was asked of S3, for the sentence that says it failed. */
export interface Action {
  /** As it stands after "Can't": `read s3://bucket/key`. */
  doing: string;
  /** The permission it takes. */
  needs: string;
}

export function reading({ bucket }: Connection, name: string): Action {
  return { doing: `read s3://${bucket}/${name}`, needs: "s3:GetObject" };
}

export function writing({ bucket }: Connection, name: string): Action {
  return { doing: `write s3://${bucket}/${name}`, needs: "s3:PutObject" };
}

/** A failed request in our words. What is an error of mlforge already is given back as it is. */
export function explain(error: unknown, { doing, needs }: Action, connection: Connection): MlforgeError {
  if (error instanceof MlforgeError) return error;
  const failure = failureOf(error);
  // Credentials that ran out on the way are fetched anew, which may fail.
  if (failure.kind === "no credentials") return explainCredentials(error, doing, connection);
  const [why, hint] = isTimeout(error)
    ? [`${connection.host} does not answer`, CHECK_NETWORK]
    : whyOfAnswer(failure, needs, connection) ?? whyOfWay(failure, connection);
  return new MlforgeError("failed", `Can't ${doing}: ${why}`, { hint, cause: cleanCause(error) });
}

type Why = [why: string, hint: string];

/** Why the server refused; undefined where it gave no answer. */
function whyOfAnswer(failure: Failure, needs: string, connection: Connection): Why | undefined {
  const { status, name } = failure;
  if (status === undefined) return undefined;
  const { bucket, host, region, custom } = connection;
  const from = describeLink(connection.link());
  switch (failure.kind) {
    case "no bucket":
      return [
        `there is no bucket "${bucket}"`,
        `Check its name${custom ? ` and the endpoint, ${host}` : ""}.`,
      ];
    case "expired":
      return [`the credentials of ${from} have expired`, "Sign in again, or fetch new ones."];
    case "unknown key":
      return [`${host} does not know the credentials of ${from}`, CHECK_KEY];
    case "wrong signature":
      return [`the secret key of ${from} is wrong`, CHECK_KEY];
    case "wrong clock":
      return ["this machine's clock is wrong", "Set the clock: requests carry the time in their signature."];
    case "other region":
      return [
        `the bucket is in region ${failure.region ?? "other"}, not in ${region}`,
        failure.region === undefined
          ? 'Set "region" of the store in mlforge.yaml to the bucket\'s own.'
          : `Set "region: ${failure.region}" in the store in mlforge.yaml, or AWS_REGION.`,
      ];
    case "denied":
      return [
        `access is denied`,
        `${needs} on bucket "${bucket}" is not allowed to the credentials of ${from}; docs/stores.md has the policies.`,
      ];
  }
  if (status < 400) return [`${host} sends elsewhere (status ${status})`, CHECK_ENDPOINT];
  if (isTransient(failure)) return [`${host} is busy or broken (status ${status})`, "Run again later."];
  return [`${host} refused it (status ${status}${name === "" ? "" : `, ${name}`})`, SEE_CAUSE];
}

/** Why no answer came. */
function whyOfWay({ kind }: Failure, { host }: Connection): Why {
  switch (kind) {
    case "unknown host":
      return [`no host "${host}" is known`, CHECK_NETWORK];
    case "no connection":
      return [`no connection to ${host}`, CHECK_NETWORK];
    case "no safe connection":
      return [`no safe connection to ${host}`, CHECK_TLS];
    case "broken off":
      return [`the connection to ${host} broke off`, "Run again."];
  }
  return [`the answer of ${host} is none of S3's`, `${CHECK_ENDPOINT} ${SEE_CAUSE}`];
}

/** Why the chain of credentials gave none. */
export function explainCredentials(error: unknown, doing: string, connection: Connection): MlforgeError {
  if (error instanceof MlforgeError) return error;
  const failure = failureOf(error);
  const from = describeLink(connection.link());
  const cause = cleanCause(error);
  const fail = (why: string, hint: string) =>
    new MlforgeError("failed", `Can't ${doing}: ${why}`, { hint, cause });
  if (failure.kind === "no credentials") {
    return fail("no credentials were found", `${describeMissing()}\n${SIGN_IN}`);
  }
  if (isTimeout(error)) return fail(`${from} does not answer`, CHECK_NETWORK);
  if (failure.code === "ENOENT" || failure.code === "EACCES") {
    return fail(`a file that ${from} names can't be read`, SEE_CAUSE);
  }
  switch (failure.kind) {
    case "expired":
      return fail(`what ${from} shows for credentials has expired`, SIGN_IN);
    case "unknown host":
    case "no connection":
    case "no safe connection":
    case "broken off":
      return fail(`no connection to what ${from} asks for credentials`, CHECK_NETWORK);
  }
  return fail(`${from} gave no credentials`, `${SEE_CAUSE} ${SIGN_IN}`);
}

const SIGN_IN =
  "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile by AWS_PROFILE, sign in again, or give " +
  "this machine a role; docs/stores.md lists the ways.";
const CHECK_KEY = "Check that key and secret belong together, and to this server.";
const CHECK_NETWORK = 'Check the network, a proxy on the way, and the "endpoint" of the store.';
const CHECK_ENDPOINT = 'Redirects are not followed. Check the "endpoint" of the store.';
const CHECK_TLS =
  "Check the clock, a proxy on the way, and the certificates that are trusted (DENO_TLS_CA_STORE, DENO_CERT).";
const SEE_CAUSE = "--verbose shows the cause.";
