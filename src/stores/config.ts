/** Where features are kept: a profile's `offline_store`, or a store written in the definitions. */
export type StoreConfig = LocalStoreConfig | S3StoreConfig | GcsStoreConfig;

export interface LocalStoreConfig {
  kind: "local";
  /** Absolute path of the store's folder. */
  path: string;
}

export interface S3StoreConfig {
  kind: "s3";
  bucket: string;
  /** Without slashes at its ends; empty for the bucket's root. */
  prefix: string;
  region?: string;
  endpoint?: string;
  pathStyle?: boolean;
  /** Allows plain http to an endpoint that is not loopback. */
  insecure?: boolean;
}

export interface GcsStoreConfig {
  kind: "gcs";
  bucket: string;
  prefix: string;
  endpoint?: string;
  insecure?: boolean;
}

/** A bucket and prefix as the providers' own tools write them: `s3://bucket/prefix`. */
export function addressOf({ kind, bucket, prefix }: S3StoreConfig | GcsStoreConfig): string {
  return `${kind === "s3" ? "s3" : "gs"}://${bucket}${prefix === "" ? "" : `/${prefix}`}`;
}
