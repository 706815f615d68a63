import type { StoreConfig } from "../../stores/config.ts";
import { openStore } from "../../stores/open.ts";
import { openPublisher } from "../open.ts";
import { checkLocalStore } from "./local.ts";
import { checkObjectStore } from "./object.ts";
import type { Step } from "./step.ts";

/** Takes all steps from finding a store to writing into it; ends with the first one that fails. Nothing of it stays. */
export async function* checkStore(config: StoreConfig): AsyncGenerator<Step> {
  if (config.kind === "local") return yield* checkLocalStore(config);
  const [store, publisher] = await Promise.all([openStore(config), openPublisher(config)]);
  yield* checkObjectStore({ store, publisher });
}
