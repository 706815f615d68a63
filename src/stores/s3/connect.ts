import { S3Client } from "@aws-sdk/client-s3";
import { MlforgeError } from "../../error.ts";
import type { S3StoreConfig } from "../config.ts";
import { once, SMALL } from "../retry.ts";
import { explain } from "./explain.ts";

/** One bucket as this process reaches it. */
export interface Connection {
  client: S3Client;
  bucket: string;
  region: string;
  /** As the configuration names it; undefined for the provider's own. */
  endpoint: string | undefined;
}

/** The SDK writes notes for developers to the console. */
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** Opens a client and finds its region and credentials: what fails here fails before any request. */
export async function connect(config: S3StoreConfig): Promise<Connection> {
  const { bucket, endpoint } = config;
  const region = config.region ?? Deno.env.get("AWS_REGION") ?? Deno.env.get("AWS_DEFAULT_REGION");
  const client = new S3Client({
    // Else the SDK looks into the AWS profile.
    ...(region === undefined ? {} : { region }),
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
    logger: SILENT,
  });
  const found = await client.config.region().catch(() => undefined) ??
    (endpoint === undefined ? undefined : "us-east-1");
  if (found === undefined) {
    throw new MlforgeError("usage", `The region of bucket "${bucket}" is not known`, {
      hint: 'Add "region" to the store in mlforge.yaml, or set AWS_REGION.',
    });
  }
  client.config.region = () => Promise.resolve(found);
  const connection = { client, bucket, region: found, endpoint };
  try {
    await once(() => client.config.credentials(), SMALL.total);
  } catch (error) {
    throw explain(error, { doing: `open s3://${bucket}`, needs: "s3:ListBucket" }, connection);
  }
  return connection;
}
