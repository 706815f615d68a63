import { MlforgeError } from "../error.ts";
import type { Bucket } from "./bucket.ts";
import type { S3StoreConfig } from "./config.ts";
import type { Store } from "./store.ts";

export function openS3Store(config: S3StoreConfig): Promise<Store> {
  throw notYet(config.bucket);
}

export function openS3Bucket(config: S3StoreConfig): Promise<Bucket> {
  throw notYet(config.bucket);
}

function notYet(bucket: string): MlforgeError {
  return new MlforgeError("usage", `Can't open "${bucket}" yet`);
}
