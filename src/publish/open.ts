import { lazily } from "../lazy.ts";
import type { StoreConfig } from "../stores/config.ts";
import { openLocalPublisher } from "./local.ts";
import type { Publisher } from "./publisher.ts";

export interface OpenOptions {
  /** Told, in a sentence, for whom this process waits. */
  onWait?: (text: string) => void;
  /** The definitions' name: a store that is another project's is refused. Undefined takes any. */
  project?: string;
}

/** The publisher of a store. Each kind is imported when it is asked for: none of them costs the others' start. */
export async function openPublisher(config: StoreConfig, options: OpenOptions = {}): Promise<Publisher> {
  switch (config.kind) {
    case "local":
      return openLocalPublisher(config.path, options);
    case "s3":
    case "gcs": {
      const { openOnBucket } = await lazily<typeof import("./open_on_bucket.ts")>(
        "./open_on_bucket.ts",
        import.meta.url,
      );
      return await openOnBucket(config, options);
    }
  }
}
