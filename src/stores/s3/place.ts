import { HeadBucketCommand } from "@aws-sdk/client-s3";
import type { S3StoreConfig } from "../config.ts";
import { askMetadata } from "../machine.ts";
import type { Place } from "../place.ts";
import { repeat, SMALL } from "../retry.ts";
import { connect } from "./connect.ts";
import { explain } from "./explain.ts";
import { failureOf, mayPass } from "./failure.ts";

export async function openS3Place(config: S3StoreConfig): Promise<Place> {
  const connection = await connect(config);
  const { client, bucket: Bucket, custom } = connection;
  return {
    async findBucket() {
      try {
        const { BucketRegion: region } = await repeat(
          ({ signal: abortSignal }) => client.send(new HeadBucketCommand({ Bucket }), { abortSignal }),
          { patience: SMALL, transient: mayPass },
        );
        return region === undefined ? {} : { region };
      } catch (error) {
        const { kind, status, region } = failureOf(error);
        // One that may not be listed still says where it is.
        if (kind === "denied" && region !== undefined) return { region };
        // The answer to a HEAD has no body that names what is missing; here that is the bucket.
        if (status === 404) Object.assign(Object(error), { name: "NoSuchBucket" });
        throw explain(error, { doing: `find s3://${Bucket}`, needs: "s3:ListBucket" }, connection);
      }
    },
    // Elsewhere a region is only a name: nothing is near to it.
    findMachine: async () => custom ? undefined : await machineRegion((name) => Deno.env.get(name)),
    isIn: (machine, bucket) => machine === bucket,
  };
}

/** Of a function, a container or a build at Amazon by its environment, else of a machine by its metadata service (IMDSv2). */
export async function machineRegion(env: (name: string) => string | undefined): Promise<string | undefined> {
  const region = env("AWS_REGION") ?? env("AWS_DEFAULT_REGION");
  if (env("AWS_EXECUTION_ENV") && region) return region;
  if (env("AWS_EC2_METADATA_DISABLED")?.toLowerCase() === "true") return undefined;
  const service = env("AWS_EC2_METADATA_SERVICE_ENDPOINT") || "http://169.254.169.254";
  const token = await askMetadata(new URL("/latest/api/token", service), {
    method: "PUT",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": "60" },
  });
  if (token === undefined) return undefined;
  const headers = { "x-aws-ec2-metadata-token": token };
  return await askMetadata(new URL("/latest/meta-data/placement/region", service), { headers });
}
