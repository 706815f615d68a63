import { addressOf, type GcsStoreConfig, type S3StoreConfig, type StoreConfig } from "../../stores/config.ts";
import { identityOf } from "../../stores/identity.ts";
import { openStore } from "../../stores/open.ts";
import { openPlace, type Place } from "../../stores/place.ts";
import type { Store } from "../../stores/store.ts";
import { openPublisher } from "../open.ts";
import { checkLocalStore } from "./local.ts";
import { checkObjectStore } from "./object.ts";
import { type Found, type Step, take } from "./step.ts";

/** Takes all steps from finding a store to writing into it; ends with the first one that fails. Nothing of it stays. */
export function checkStore(config: StoreConfig): AsyncGenerator<Step> {
  return config.kind === "local" ? checkLocalStore(config) : checkBucket(config);
}

async function* checkBucket(config: S3StoreConfig | GcsStoreConfig): AsyncGenerator<Step> {
  const opened: { store?: Store; place?: Place } = {};
  const credentials = await take("credentials", async () => {
    opened.store = await openStore(config);
    opened.place = await openPlace(config);
    return await identityOf(config);
  });
  yield credentials;
  const { store, place } = opened;
  if (store === undefined || place === undefined) return;

  const found: { region?: string } = {};
  const bucket = await take("bucket", async () => {
    Object.assign(found, await place.findBucket());
    return addressOf(config);
  });
  yield bucket;
  if (bucket.outcome !== "ok") return;

  yield await take("region", () => checkRegion(place, found.region));
  yield* checkObjectStore({ store, publisher: await openPublisher(config) });
}

/** Of three ways there and back the shortest is the network's; the others had something to set up. */
const ROUND_TRIPS = 3;

async function checkRegion(place: Place, region: string | undefined): Promise<Found> {
  const machine = place.findMachine();
  let shortest = Infinity;
  for (let trip = 0; trip < ROUND_TRIPS; trip++) {
    const start = performance.now();
    await place.findBucket();
    shortest = Math.min(shortest, performance.now() - start);
  }
  const distance = `${shortest.toFixed(shortest < 10 ? 1 : 0)} ms there and back`;
  const here = await machine;
  const isIn = here === undefined || region === undefined ? undefined : place.isIn(here, region);
  const says = [region ?? "not told", whereIs(here, isIn), distance].join("; ");
  return { outcome: isIn === undefined ? "unknown" : "ok", says };
}

/** Being elsewhere is no fault, but costs time and transfer. */
function whereIs(machine: string | undefined, isIn: boolean | undefined): string {
  if (machine === undefined) return "where this machine is, nothing tells";
  const there = `this machine is in ${machine}`;
  return isIn === undefined ? there : `${there}: ${isIn ? "colocated" : "not colocated"}`;
}
