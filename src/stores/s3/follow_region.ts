import type { S3Client } from "@aws-sdk/client-s3";
import { failureOf } from "./failure.ts";

/** Where a client asks its bucket, at any moment: AWS signs by it, and has a host for each. */
export interface RegionOfBucket {
  current: string;
}

/**
 * Lets a client go after a bucket into its own region, which the server names in its refusal: from then on all requests go
 * there. That is AWS's host of the region, or the endpoint that is configured, and no address that the server sends.
 */
export function followRegion(client: S3Client, region: RegionOfBucket): void {
  client.middlewareStack.add((next) => async (args) => {
    const asked = region.current;
    try {
      return await next(args);
    } catch (error) {
      const { kind, region: named } = failureOf(error);
      // Another request may have learned it meanwhile.
      if (kind !== "other region" || named === undefined || named === asked || !isRegion(named)) throw error;
      region.current = named;
      // The first one that was signed for is kept there.
      Reflect.set(client.config, "signingRegion", named);
      return await next(args);
    }
  }, { step: "initialize", name: "mlforgeFollowRegion" });
}

function isRegion(text: string): boolean {
  return /^[a-z]{2,}(-[a-z]+)+-\d+$/.test(text);
}
