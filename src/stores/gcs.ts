import type { Bucket } from "./bucket.ts";
import type { GcsStoreConfig } from "./config.ts";
import { connect } from "./gcs/connect.ts";
import { openObjects } from "./gcs/objects.ts";
import { storeUnder } from "./prefixed.ts";
import type { Store } from "./store.ts";

/** Throws where there are no credentials. Asks nothing of the bucket. A token is an object's generation. */
export async function openGcsStore(config: GcsStoreConfig): Promise<Store> {
  return storeUnder(config, openObjects(await connect(config)));
}

/** As `openGcsStore`. */
export async function openGcsBucket(config: GcsStoreConfig): Promise<Bucket> {
  return openObjects(await connect(config));
}
