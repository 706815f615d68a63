import { MlforgeError } from "../error.ts";
import type { StoreConfig } from "../stores/config.ts";
import type { Publisher } from "./publisher.ts";

export interface OpenOptions {
  /** Told, in a sentence, for whom this process waits. */
  onWait?: (text: string) => void;
}

/** The publisher of a store. Each kind is imported when it is asked for: none of them costs the others' start. */
export async function openPublisher(config: StoreConfig, options: OpenOptions = {}): Promise<Publisher> {
  switch (config.kind) {
    case "local":
      return (await import("./local.ts")).openLocalPublisher(config.path, options);
    case "s3":
      throw notYet(`s3://${config.bucket}`);
    case "gcs":
      throw notYet(`gs://${config.bucket}`);
  }
}

function notYet(address: string): MlforgeError {
  return new MlforgeError("usage", `Can't open ${address} yet`, {
    hint: "This version of mlforge publishes to local stores only: use a profile with KIND: local.",
  });
}
