import { HeadBucketCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import type { S3StoreConfig } from "../config.ts";
import type { Place } from "../place.ts";
import { baseOf } from "../prefixed.ts";
import { repeat, SMALL } from "../retry.ts";
import { connect } from "./connect.ts";
import { openMetadata } from "./ec2.ts";
import { explain } from "./explain.ts";
import { failureOf, mayPass } from "./failure.ts";

export async function openS3Place(config: S3StoreConfig): Promise<Place> {
  const connection = await connect(config);
  const { client, bucket: Bucket, custom } = connection;
  const doing = `find s3://${Bucket}`;

  async function ask<T>(work: (options: { abortSignal: AbortSignal }) => Promise<T>): Promise<T> {
    const options = { patience: SMALL, transient: mayPass };
    return await repeat(({ signal }) => work({ abortSignal: signal }), options);
  }

  return {
    async findBucket() {
      try {
        const { BucketRegion } = await ask((options) =>
          client.send(new HeadBucketCommand({ Bucket }), options)
        );
        return regionIn(BucketRegion);
      } catch (refusal) {
        const { status, region } = failureOf(refusal);
        try {
          // The answer to a HEAD has no body, and so no words: those of a GET tell what is wrong.
          if (status === undefined) throw refusal;
          const listing = { Bucket, Prefix: baseOf(config), MaxKeys: 1 };
          await ask((options) => client.send(new ListObjectsV2Command(listing), options));
          return regionIn(region);
        } catch (error) {
          // One that may not be listed still says where it is.
          if (failureOf(error).kind === "denied" && region !== undefined) return { region };
          throw explain(error, { doing, needs: "s3:ListBucket" }, connection);
        }
      }
    },
    // Elsewhere a region is only a name: nothing is near to it.
    findMachine: async () => custom ? undefined : await machineRegion((name) => Deno.env.get(name)),
    isIn: (machine, bucket) => machine === bucket,
  };
}

function regionIn(region: string | undefined): { region?: string } {
  return region === undefined ? {} : { region };
}

/** Of a function, a container or a build at Amazon by its environment, else of a machine by its metadata service (IMDSv2). */
export async function machineRegion(env: (name: string) => string | undefined): Promise<string | undefined> {
  const region = env("AWS_REGION") ?? env("AWS_DEFAULT_REGION");
  if (env("AWS_EXECUTION_ENV") && region) return region;
  return await (await openMetadata(env))("/latest/meta-data/placement/region");
}
