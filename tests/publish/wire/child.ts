/**
 * A builder in a process of its own, to be killed: `child.ts STORE FEATURES NAME ROUNDS`, STORE being a StoreConfig as JSON.
 * Publishes ROUNDS batches of these features, as `mlforge build` does, with real clock and waits.
 */
import { openPublisher } from "../../../src/publish/open.ts";
import { buildTexts } from "../sample_batch.ts";
import { textsOf } from "../whole.ts";

const [store = "", features = "", name = "", rounds = ""] = Deno.args;
const publisher = await openPublisher(JSON.parse(store));
for (let round = 1; round <= Number(rounds); round++) {
  const texts = textsOf({ features: features.split(",") }, `${name} ${round}`);
  await buildTexts(publisher, texts, { rounds: Infinity });
}
