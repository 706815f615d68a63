import * as v from "valibot";
import { MlforgeError } from "../../error.ts";
import { cleanCause } from "../cause.ts";
import { isTimeout } from "../retry.ts";
import { gcloudFile, type Link, LOG_IN, nameOf } from "./chain.ts";
import { networkProblem } from "./network.ts";

/** What the SDK throws where a token is refused: the answer of whoever gives tokens. */
const refusal = v.object({
  response: v.object({
    status: v.number(),
    data: v.optional(v.unknown()),
    // The platform's, or those of the SDK's other transport.
    headers: v.custom<{ get(name: string): string | null }>((value) =>
      typeof Object(value).get === "function"
    ),
  }),
});

/** OAuth's own words. */
const words = v.object({ error: v.string(), error_description: v.optional(v.string(), "") });

function refusalOf(error: unknown) {
  const parsed = v.safeParse(refusal, error);
  return parsed.success ? parsed.output.response : undefined;
}

/** Whether signing in may work at the next try. */
export function mayPass(error: unknown): boolean {
  const status = refusalOf(error)?.status;
  if (status !== undefined) return status >= 500 || status === 429;
  return networkProblem(error)?.transient === true;
}

/** Why signing in failed: which link of the chain, what it said, and what to do. */
export function explainSignIn(error: unknown, link: Link): MlforgeError {
  if (error instanceof MlforgeError) return error;
  const answer = refusalOf(error);
  // At other clouds, something else may answer at the same address.
  const google = answer?.headers.get("metadata-flavor") === "Google";
  if (link.kind === "metadata" && !google) return noCredentials(error);
  const cause = cleanCause(error);
  const fail = (why: string, hint: string) =>
    new MlforgeError("failed", `Can't sign in to Google Cloud with ${nameOf(link)}: ${why}`, { hint, cause });
  if (answer !== undefined) return fail(...refused(answer, link));
  const problem = isTimeout(error) ? "does not answer" : networkProblem(error)?.what;
  if (problem !== undefined) {
    return fail(`${hostOf(error)} ${problem}`, "Check the network, and a proxy on the way.");
  }
  return fail("they can't be used", "Get them again from Google.");
}

function refused(
  { status, data }: { status: number; data?: unknown },
  link: Link,
): [why: string, hint: string] {
  const said = v.safeParse(words, data);
  const { error = "", error_description = "" } = said.success ? said.output : {};
  if (link.kind === "metadata") {
    return status === 404
      ? ["no service account is attached to this machine", "Attach one, with a role on the bucket."]
      : [
        `it refused a token (status ${status})`,
        "Check the machine's access scopes: storage must be among them.",
      ];
  }
  const user = link.kind === "file" && link.type !== "service_account";
  if (error === "invalid_grant" && /rapt|reauth/i.test(JSON.stringify(data))) {
    return ["your organisation asks you to sign in again", LOG_IN];
  }
  if (error === "invalid_grant" && user) return ["the sign-in has expired or was revoked", LOG_IN];
  if (/signature/i.test(error_description)) {
    return [
      "its key is not known to Google (any more)",
      "Make a new key: gcloud iam service-accounts keys create.",
    ];
  }
  if (/short-lived|\biat\b|\bexp\b/i.test(error_description)) {
    return ["its signature is out of date", "Check this machine's clock."];
  }
  if (/not found/i.test(error_description)) {
    return ["there is no such account (any more)", "Use another one."];
  }
  return [`it was refused (status ${status}${error === "" ? "" : `, ${error}`})`, "Sign in again."];
}

/** Nothing in the chain gave any. */
function noCredentials(error: unknown): MlforgeError {
  return new MlforgeError(
    "failed",
    "No credentials for Google Cloud: GOOGLE_APPLICATION_CREDENTIALS is not set, " +
      `there is no "${gcloudFile()}", and no metadata server answers`,
    {
      hint: `${LOG_IN} Or set GOOGLE_APPLICATION_CREDENTIALS to the file of a service account.`,
      cause: cleanCause(error),
    },
  );
}

/** Whom the SDK had asked. */
function hostOf(error: unknown): string {
  const url = v.safeParse(v.object({ config: v.object({ url: v.instance(URL) }) }), error);
  return url.success ? url.output.config.url.host : "Google";
}
