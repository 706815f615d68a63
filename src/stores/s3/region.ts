import { HeadBucketCommand } from "@aws-sdk/client-s3";
import type { S3StoreConfig } from "../config.ts";
import { once, repeat, SMALL } from "../retry.ts";
import { connect, type Connection } from "./connect.ts";
import { explain } from "./explain.ts";
import { failureOf, mayPass } from "./failure.ts";

/** Where a bucket is, and where this machine is. */
export interface S3Regions {
  /** As requests are signed for. */
  configured: string;
  /** The bucket's own; undefined where the server does not say. */
  bucket: string | undefined;
  /** Undefined outside of AWS, and where the machine does not say. */
  machine: string | undefined;
}

/** Throws where the bucket can't be asked after, or is not there. One that may not be listed still says where it is. */
export async function findS3Regions(config: S3StoreConfig): Promise<S3Regions> {
  const connection = await connect(config);
  return {
    configured: connection.region,
    bucket: await regionOfBucket(connection),
    machine: await regionOfMachine(connection).catch(() => undefined),
  };
}

async function regionOfBucket(connection: Connection): Promise<string | undefined> {
  const { client, bucket } = connection;
  try {
    const { BucketRegion } = await repeat(
      ({ signal }) => client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal: signal }),
      { patience: SMALL, transient: mayPass },
    );
    return BucketRegion;
  } catch (error) {
    const { region } = failureOf(error);
    if (region !== undefined) return region;
    throw explain(error, { doing: `look at s3://${bucket}`, needs: "s3:ListBucket" }, connection);
  }
}

/** A function's or container's is in its environment; a machine's own metadata service knows, where credentials came from there. */
async function regionOfMachine(connection: Connection): Promise<string | undefined> {
  if (Deno.env.has("AWS_EXECUTION_ENV")) return Deno.env.get("AWS_REGION");
  if (connection.link() !== "metadata") return undefined;
  const base = Deno.env.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") || "http://169.254.169.254";
  return await once(async ({ signal }) => {
    const ask = async (path: string, init: RequestInit) => {
      const answer = await fetch(`${base}${path}`, { ...init, signal, redirect: "manual" });
      const text = await answer.text();
      return answer.ok ? text : undefined;
    };
    const lifetime = { "x-aws-ec2-metadata-token-ttl-seconds": "60" };
    const token = await ask("/latest/api/token", { method: "PUT", headers: lifetime });
    if (token === undefined) return undefined;
    return await ask("/latest/meta-data/placement/region", {
      headers: { "x-aws-ec2-metadata-token": token },
    });
  }, 1_000);
}
