import type { Bucket } from "./bucket.ts";
import type { S3StoreConfig } from "./config.ts";
import { storeUnder } from "./prefixed.ts";
import { connect } from "./s3/connect.ts";
import { openObjects } from "./s3/objects.ts";
import type { Store } from "./store.ts";

/** Throws where there are no credentials, no region, or an endpoint that must not be used. Asks nothing of the bucket. */
export async function openS3Store(config: S3StoreConfig): Promise<Store> {
  return storeUnder(config, openObjects(await connect(config)));
}

/** As `openS3Store`, but the bucket may be in another region than the configuration's. */
export async function openS3Bucket(config: S3StoreConfig): Promise<Bucket> {
  return openObjects(await connect(config, { follow: true }));
}
