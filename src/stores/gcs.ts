import { MlforgeError } from "../error.ts";
import type { Bucket } from "./bucket.ts";
import type { GcsStoreConfig } from "./config.ts";
import type { Store } from "./store.ts";

export function openGcsStore(config: GcsStoreConfig): Promise<Store> {
  throw notYet(config.bucket);
}

export function openGcsBucket(config: GcsStoreConfig): Promise<Bucket> {
  throw notYet(config.bucket);
}

function notYet(bucket: string): MlforgeError {
  return new MlforgeError("usage", `Can't open "${bucket}" yet`);
}
