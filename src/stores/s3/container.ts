import { isLoopback } from "../endpoint.ts";
import { readTextIfThere } from "../files.ts";
import { askMetadata } from "../machine.ts";

/** Hosts of ECS and EKS, the only ones but this machine that are asked by plain http. */
const HOSTS = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];

/** Whether this is a container at Amazon that has a service for credentials. */
export function isContainer(): boolean {
  return service() !== undefined;
}

/**
 * What the container's credentials service answers; undefined where it does not, or is no place to send a token to.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export async function askContainer(): Promise<string | undefined> {
  const url = service();
  if (url === undefined) return undefined;
  if (url.protocol !== "https:" && !HOSTS.includes(url.hostname) && !isLoopback(url)) return undefined;
  const file = Deno.env.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  const token = file ? await readTextIfThere(file) : Deno.env.get("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  return await askMetadata(url, token ? { headers: { authorization: token.trim() } } : {});
}

function service(): URL | undefined {
  const relative = Deno.env.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const address = relative
    ? `http://${HOSTS[0]}${relative}`
    : Deno.env.get("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  return address && URL.canParse(address) ? new URL(address) : undefined;
}
