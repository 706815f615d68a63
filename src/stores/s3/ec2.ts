import { askMetadata } from "../machine.ts";

/** Where variables come from; tests bring their own. */
type Env = (name: string) => string | undefined;

const real: Env = (name) => Deno.env.get(name);

export function isMetadataOff(env = real): boolean {
  const off = env("AWS_EC2_METADATA_DISABLED");
  return off !== undefined && off !== "" && off.toLowerCase() !== "false";
}

/**
 * What the metadata service of this machine at Amazon says under a path; undefined where there is none, or it does not say.
 * Of its version 2 (IMDSv2), which wants a token first.
 */
export async function openMetadata(env = real): Promise<(path: string) => Promise<string | undefined>> {
  const nothing = () => Promise.resolve(undefined);
  if (isMetadataOff(env)) return nothing;
  const service = env("AWS_EC2_METADATA_SERVICE_ENDPOINT") ||
    (env("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")?.toLowerCase() === "ipv6"
      ? "http://[fd00:ec2::254]"
      : "http://169.254.169.254");
  const token = await askMetadata(new URL("/latest/api/token", service), {
    method: "PUT",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": "60" },
  });
  if (token === undefined) return nothing;
  const headers = { "x-aws-ec2-metadata-token": token };
  return (path) => askMetadata(new URL(path, service), { headers });
}

/**
 * What the service answers for the credentials of the role that this machine has; undefined where it has none.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
 */
export async function askForRole(): Promise<string | undefined> {
  const ask = await openMetadata();
  const folder = "/latest/meta-data/iam/security-credentials/";
  const role = await ask(folder);
  return role === undefined ? undefined : await ask(folder + role);
}
