import type { GcsStoreConfig, S3StoreConfig } from "./config.ts";

/** Where a bucket and this machine are, as far as it can be known. */
export interface Place {
  /**
   * Asks for the bucket, once. `region` is undefined where this identity may not know it, or the server has none;
   * throws where there is no such bucket, or it can't be reached.
   */
  findBucket(): Promise<{ region?: string }>;
  /** The provider's region that this machine runs in; undefined where nothing on it tells. */
  findMachine(): Promise<string | undefined>;
  /** Whether a machine's region lies in a bucket's, which may span several; undefined where that can't be told. */
  isIn(machine: string, bucket: string): boolean | undefined;
}

/** Each kind is imported when it is asked for. */
export async function openPlace(config: S3StoreConfig | GcsStoreConfig): Promise<Place> {
  switch (config.kind) {
    case "s3":
      return (await import("./s3/place.ts")).openS3Place(config);
    case "gcs":
      return (await import("./gcs/place.ts")).openGcsPlace(config);
  }
}
