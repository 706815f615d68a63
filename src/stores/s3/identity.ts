import type { S3StoreConfig } from "../config.ts";
import { isLoopback } from "../endpoint.ts";
import { once, SMALL } from "../retry.ts";
import { describeLink } from "./chain.ts";
import { connect, type Connection } from "./connect.ts";

/** Whose credentials requests to a store carry. */
export interface S3Identity {
  /** The link of the SDK's chain that gave them, in words: `profile "dev" (AWS_PROFILE)`. */
  from: string;
  /** The last four characters of the access key's id: enough to know it by. */
  key: string;
  /** The user or role, as AWS names it; undefined where nobody says (a server of one's own, no way to STS). */
  arn: string | undefined;
  /** When they end, where they do. */
  expires: Date | undefined;
}

/** Who this process is to a store. Throws as opening the store does, where there are no credentials. */
export async function describeS3Identity(config: S3StoreConfig): Promise<S3Identity> {
  const connection = await connect(config);
  const { accessKeyId, expiration } = await connection.client.config.credentials();
  return {
    from: describeLink(connection.link()),
    key: accessKeyId.slice(-4),
    arn: await arnOf(connection).catch(() => undefined),
    expires: expiration,
  };
}

/**
 * Asks AWS's token service who we are, which takes no rights. A server of one's own has none, and its keys are not for
 * AWS to see; unless one is named.
 */
async function arnOf({ client, region, custom }: Connection): Promise<string | undefined> {
  const named = Deno.env.get("AWS_ENDPOINT_URL_STS");
  if (custom && !named) return undefined;
  const url = new URL(named || `https://sts.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`);
  if (url.protocol !== "https:" && !isLoopback(url)) return undefined;
  const signer = await client.config.signer({
    name: "sigv4",
    signingName: "sts",
    signingRegion: region,
    properties: {},
  });
  const body = "Action=GetCallerIdentity&Version=2011-06-15";
  const { headers } = await signer.sign({
    method: "POST",
    protocol: url.protocol,
    hostname: url.hostname,
    path: "/",
    headers: { host: url.host, "content-type": "application/x-www-form-urlencoded" },
    body,
  });
  const { host: _, ...sent } = headers;
  return await once(async ({ signal }) => {
    const answer = await fetch(url, { method: "POST", headers: sent, body, signal, redirect: "manual" });
    return /<Arn>([^<]+)<\/Arn>/.exec(await answer.text())?.[1];
  }, SMALL.silence);
}
