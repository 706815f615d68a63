import type { fromEnv } from "@aws-sdk/credential-provider-env";
import type { fromIni } from "@aws-sdk/credential-provider-ini";
import { askContainer, isContainer } from "./container.ts";
import { askForRole, isMetadataOff } from "./ec2.ts";
import { servedCredentials } from "./served.ts";

/** A link of AWS's chain of credentials. */
export type Link = "environment" | "profile" | "web identity" | "container" | "metadata";

export type Credentials = Awaited<ReturnType<ReturnType<typeof fromEnv>>>;

/** What a client tells of itself to who gives it credentials. */
type Client = Parameters<ReturnType<typeof fromIni>>[0];

/** One walk along the chain, and which link it came to. */
export interface Chain {
  /**
   * Gives what the first link has that has anything; to be given to a client, which keeps it until shortly before it
   * expires. Throws a CredentialsProviderError where none has any, and what a link throws that has some which are no good.
   */
  credentials(client?: Client): Promise<Credentials>;
  /** The link asked last: the one that gave credentials, or failed. */
  last(): Link;
}

/**
 * The chain of the SDK, walked by us: so that it can be said where credentials are from. Services of machines and containers
 * are asked by ourselves: the SDK asks by Node's http, which where a service hangs ends the whole process on Deno 2.4, and
 * waits for ever on 2.9.
 */
export function openChain(): Chain {
  let last: Link = "environment";
  const ofContainer = servedCredentials(askContainer);
  const ofMachine = servedCredentials(askForRole);

  async function ask(link: Link, client: Client): Promise<Credentials | undefined> {
    switch (link) {
      case "environment":
        return await (await import("@aws-sdk/credential-provider-env")).fromEnv({ logger })();
      case "profile":
        return await (await import("@aws-sdk/credential-provider-ini")).fromIni({ logger })(client);
      case "web identity":
        return await (await import("@aws-sdk/credential-provider-web-identity")).fromTokenFile({ logger })(
          client,
        );
      case "container":
        return await ofContainer();
      case "metadata":
        return await ofMachine();
    }
  }

  return {
    async credentials(client) {
      for (const link of links()) {
        last = link;
        try {
          const found = await ask(link, client);
          if (found !== undefined) return found;
        } catch (error) {
          if (!hasNone(error)) throw error;
        }
      }
      throw Object.assign(new Error("No link of the chain has credentials"), { name: NONE });
    },
    last: () => last,
  };
}

/** The name of the SDK's errors where a link has no credentials. */
const NONE = "CredentialsProviderError";

/** Whether a link has none, and not such that are no good. */
function hasNone(error: unknown): boolean {
  return error instanceof Error && error.name === NONE && Reflect.get(error, "tryNextLink") !== false;
}

function links(): Link[] {
  return [
    // As the SDK has it, and unlike AWS's command line.
    ...(profileVariable() === undefined ? ["environment" as const] : []),
    "profile",
    "web identity",
    ...(isContainer() ? ["container" as const] : isMetadataOff() ? [] : ["metadata" as const]),
  ];
}

/** The SDK's notes are for developers, and would go to the console. */
export const logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** A link as it stands in a sentence: `profile "dev" (AWS_PROFILE)`. */
export function describeLink(link: Link): string {
  switch (link) {
    case "environment":
      return "the environment (AWS_ACCESS_KEY_ID)";
    case "profile":
      return profileName();
    case "web identity":
      return "web identity (AWS_WEB_IDENTITY_TOKEN_FILE)";
    case "container":
      return "the container's credentials service (AWS_CONTAINER_CREDENTIALS_*_URI)";
    case "metadata":
      return "the machine's metadata service";
  }
}

/** What each link lacks, in a sentence, where all were asked and none gave anything. */
export function describeMissing(): string {
  const missing = links().map((link) => {
    switch (link) {
      case "environment":
        return "the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set)";
      case "profile":
        return `${profileName()} (nothing of it in ~/.aws/config and ~/.aws/credentials)`;
      case "web identity":
        return "web identity (AWS_WEB_IDENTITY_TOKEN_FILE is not set)";
      default:
        return `${describeLink(link)} (no credentials from there)`;
    }
  });
  if (!isContainer() && isMetadataOff()) {
    missing.push("the machine's metadata service (AWS_EC2_METADATA_DISABLED is set)");
  }
  return `Asked ${missing.slice(0, -1).join(", ")}, and ${missing.at(-1)}.`;
}

function profileName(): string {
  const named = profileVariable();
  return named === undefined ? 'profile "default"' : `profile "${named}" (AWS_PROFILE)`;
}

function profileVariable(): string | undefined {
  return Deno.env.get("AWS_PROFILE") || undefined;
}
