/** A link of the SDK's chain of credentials, in the order in which it asks them. */
export type Link = "environment" | "profile" | "web identity" | "container" | "metadata";

/** The step that the SDK notes as it begins one. */
const STEPS: Readonly<Record<string, Link>> = {
  "defaultProvider::fromEnv": "environment",
  "defaultProvider::fromIni": "profile",
  "defaultProvider::fromProcess": "profile",
  "defaultProvider::fromTokenFile": "web identity",
  "remoteProvider::fromHttp/fromContainerMetadata": "container",
  "remoteProvider::fromInstanceMetadata": "metadata",
};

/** What is known of the chain while it runs and after: the SDK tells it to nobody but its log. */
export interface Chain {
  /** To be given to the client. It passes nothing on: the SDK's notes are for developers. */
  logger: Record<"trace" | "debug" | "info" | "warn" | "error", (...notes: unknown[]) => void>;
  /** The link asked last: the one that gave credentials, or failed. */
  last(): Link;
}

export function watchChain(): Chain {
  let last: Link = "environment";
  const ignore = () => {};
  return {
    logger: {
      trace: ignore,
      debug(note) {
        const step = /^@aws-sdk\/credential-provider-node - (.*)$/.exec(String(note))?.[1];
        if (step !== undefined) last = STEPS[step] ?? last;
      },
      info: ignore,
      warn: ignore,
      error: ignore,
    },
    last: () => last,
  };
}

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
  const named = Deno.env.has("AWS_PROFILE");
  const missing = [
    ...(named ? [] : ["the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set)"]),
    `${profileName()} (nothing of it in ~/.aws/config and ~/.aws/credentials)`,
    "web identity (AWS_WEB_IDENTITY_TOKEN_FILE is not set)",
    isSet("AWS_EC2_METADATA_DISABLED")
      ? "the machine's metadata service (AWS_EC2_METADATA_DISABLED is set)"
      : "the machine's metadata service (no credentials from there)",
  ];
  return `Asked ${missing.slice(0, -1).join(", ")}, and ${missing.at(-1)}.`;
}

function profileName(): string {
  const named = Deno.env.get("AWS_PROFILE");
  return named === undefined ? 'profile "default"' : `profile "${named}" (AWS_PROFILE)`;
}

function isSet(variable: string): boolean {
  const value = Deno.env.get(variable);
  return value !== undefined && value !== "" && value !== "false";
}
