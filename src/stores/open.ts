import type { Bucket } from "./bucket.ts";
import type { GcsStoreConfig, S3StoreConfig, StoreConfig } from "./config.ts";
import type { Store } from "./store.ts";

/** A profile's store. Each kind, with its SDK, is imported when it is asked for: none of them costs the others' start. */
export async function openStore(config: StoreConfig): Promise<Store> {
  switch (config.kind) {
    case "local":
      return (await import("./local.ts")).openLocalStore(config.path);
    case "s3":
      return (await import("./s3.ts")).openS3Store(config);
    case "gcs":
      return (await import("./gcs.ts")).openGcsStore(config);
  }
}

/** A bucket by its objects' own names; the configuration's prefix plays no part. */
export async function openBucket(config: S3StoreConfig | GcsStoreConfig): Promise<Bucket> {
  switch (config.kind) {
    case "s3":
      return (await import("./s3.ts")).openS3Bucket(config);
    case "gcs":
      return (await import("./gcs.ts")).openGcsBucket(config);
  }
}
