import type { GcsStoreConfig, S3StoreConfig, StoreConfig } from "../stores/config.ts";
import type { Token } from "../stores/store.ts";

/** How a bucket is reached; its prefix plays no part. */
export type BucketConfig = S3StoreConfig | GcsStoreConfig;

/** One state of one object of a bucket. Plain data, sent to workers. */
export interface RemoteObject {
  /** Its whole name in the bucket. */
  name: string;
  /** In bytes. */
  size: number;
  token: Token;
}

/** `s3://bucket/name` in its parts. */
export interface Address {
  kind: BucketConfig["kind"];
  bucket: string;
  /** An object, a prefix or a glob. Taken as it stands: nothing in it is an escape. */
  name: string;
}

const KINDS = { s3: "s3", gs: "gcs" } as const;
const SCHEMES = { s3: "s3", gcs: "gs" } as const;

/** Undefined for a local path. */
export function parseAddress(path: string): Address | undefined {
  const match = /^(s3|gs):\/\/([^/]+)\/(.*)$/s.exec(path);
  if (match === null) return undefined;
  const [, scheme, bucket = "", name = ""] = match;
  return { kind: KINDS[scheme === "s3" ? "s3" : "gs"], bucket, name };
}

/** The address of an object, for people. */
export function addressOf({ kind, bucket }: Pick<Address, "kind" | "bucket">, name: string): string {
  return `${SCHEMES[kind]}://${bucket}/${name}`;
}

/** A bucket is reached as the store of its kind is, where the profile has one; else as its provider's tools would. */
export function bucketConfig({ kind, bucket }: Address, store: StoreConfig | undefined): BucketConfig {
  if (store !== undefined && store.kind !== "local" && store.kind === kind) {
    return { ...store, bucket, prefix: "" };
  }
  return { kind, bucket, prefix: "" };
}
