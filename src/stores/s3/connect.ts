import { S3Client } from "@aws-sdk/client-s3";
import { MlforgeError } from "../../error.ts";
import type { S3StoreConfig } from "../config.ts";
import { isLinkLocal, isLoopback } from "../endpoint.ts";
import { once, SMALL } from "../retry.ts";
import { type Link, logger, openChain } from "./chain.ts";
import { sendByFetch } from "./transport.ts";
import { explainCredentials } from "./explain.ts";
import { followRegion, type RegionOfBucket } from "./follow_region.ts";

/** One bucket as this process reaches it. */
export interface Connection {
  client: S3Client;
  bucket: string;
  region: string;
  /** Whom requests go to, in messages: a host, with its port where that is not the protocol's own. */
  host: string;
  /** Whether the server is one of the configuration's or the environment's, and not AWS. */
  custom: boolean;
  /** The link of the chain that gave the credentials, or was asked last. */
  link(): Link;
}

/**
 * Opens a client and finds its region and credentials: what fails here fails before any request to the bucket. Throws
 * `usage` where there is no region or an endpoint that must not be used, `failed` where there are no credentials. With
 * `follow` the bucket may be in any region, and none need be known: for one that is only read.
 */
export async function connect(
  config: S3StoreConfig,
  { follow = false }: { follow?: boolean } = {},
): Promise<Connection> {
  const { bucket } = config;
  // As the AWS command line does.
  const endpoint = config.endpoint ?? variable("AWS_ENDPOINT_URL_S3") ?? variable("AWS_ENDPOINT_URL");
  // The SDK knows nothing of the second variable.
  const region = config.region ?? variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION") ??
    await regionOfProfile() ?? (endpoint === undefined && !follow ? undefined : "us-east-1");
  if (region === undefined) {
    throw new MlforgeError("usage", `The region of bucket "${bucket}" is not known`, {
      hint: 'Add "region" to the store in mlforge.yaml, or set AWS_REGION.',
    });
  }
  const chain = openChain();
  const asked: RegionOfBucket = { current: region };
  const client = new S3Client({
    region: () => Promise.resolve(asked.current),
    ...(endpoint === undefined ? {} : { endpoint }),
    // Servers of one's own rarely have a host name for each bucket.
    forcePathStyle: config.pathStyle ?? endpoint !== undefined,
    // Repeating is for ../retry.ts: the SDK would repeat conditional writes, and take its own first try for a conflict.
    maxAttempts: 1,
    // We send checksums of our own; bodies are checked by whoever reads them, against a digest that is not the store's.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // Waiting for the server's word takes a connection for each body, and six seconds where none comes.
    expectContinueHeader: false,
    credentials: chain.credentials,
    logger,
  });
  guard(client, config);
  sendByFetch(client);
  if (follow) followRegion(client, asked);
  const connection: Connection = {
    client,
    bucket,
    region,
    host: endpoint === undefined ? `s3.${region}.amazonaws.com` : new URL(endpoint).host,
    custom: endpoint !== undefined,
    link: chain.last,
  };
  try {
    await once(() => client.config.credentials(), SMALL.total);
  } catch (error) {
    throw explainCredentials(error, `open s3://${bucket}`, connection);
  }
  return connection;
}

/** A variable that is set to nothing counts as not set. */
function variable(name: string): string | undefined {
  return Deno.env.get(name) || undefined;
}

/** Where nothing else says, the SDK looks into the AWS profile. */
async function regionOfProfile(): Promise<string | undefined> {
  return await new S3Client({}).config.region().catch(() => undefined);
}

/** Stops a signed request that would go where it must not, whichever way its endpoint was set: the AWS profile can, too. */
function guard(client: S3Client, { bucket, insecure }: S3StoreConfig): void {
  client.middlewareStack.add((next) => (args) => {
    const { protocol, hostname } = Object(args.request);
    // Loopback may have a host name for each bucket.
    const url = new URL(`${protocol}//${String(hostname).replace(`${bucket}.localhost`, "localhost")}`);
    if (isLinkLocal(url)) throw refused(`"${url.hostname}" is an address of metadata services`);
    if (url.protocol !== "https:" && !insecure && !isLoopback(url)) {
      throw refused(`it would go by plain http to "${url.hostname}"`);
    }
    return next(args);
  }, { step: "finalizeRequest", name: "mlforgeGuard" });
}

function refused(why: string): MlforgeError {
  return new MlforgeError("usage", `Refused to send a request to S3: ${why}`, {
    hint: "The endpoint is that of AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or the AWS profile. " +
      'Use https, or allow http by "insecure: true" in the store.',
  });
}
