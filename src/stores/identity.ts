import type { GcsStoreConfig, S3StoreConfig } from "./config.ts";

/**
 * Who this process is to a store, and which link of the provider's chain says so: a sentence without secrets. Throws as
 * opening the store does, where there are no credentials.
 */
export async function identityOf(config: S3StoreConfig | GcsStoreConfig): Promise<string> {
  switch (config.kind) {
    case "s3": {
      const { describeS3Identity } = await import("./s3/identity.ts");
      const { from, key, arn, expires } = await describeS3Identity(config);
      return [
        from,
        arn ?? `access key ...${key}`,
        ...(expires === undefined ? [] : [`until ${expires.toISOString()}`]),
      ].join(", ");
    }
    case "gcs": {
      const { describeGcsIdentity } = await import("./gcs/identity.ts");
      const { from, principal } = await describeGcsIdentity(config);
      return [from, ...(principal === undefined ? [] : [principal])].join(", ");
    }
  }
}
