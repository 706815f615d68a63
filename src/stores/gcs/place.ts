import * as v from "valibot";
import type { GcsStoreConfig } from "../config.ts";
import { askMetadata } from "../machine.ts";
import type { Place } from "../place.ts";
import { repeat, SMALL } from "../retry.ts";
import { connect } from "./connect.ts";
import { explain, isTransient, statusError, statusOf } from "./explain.ts";

const bucketFacts = v.object({ location: v.optional(v.string()) });

export async function openGcsPlace(config: GcsStoreConfig): Promise<Place> {
  const connection = await connect(config);
  const { bucket, endpoint } = connection;
  const doing = `find gs://${bucket}`;
  return {
    async findBucket() {
      const path = `/storage/v1/b/${encodeURIComponent(bucket)}`;
      try {
        const answer = await repeat(async ({ signal }) => {
          const answer = await connection.send({
            method: "GET",
            path,
            query: { fields: "location" },
            signal,
          });
          if (!answer.ok) throw await statusError(answer);
          return await answer.json();
        }, { patience: SMALL, transient: isTransient });
        const { location } = v.parse(bucketFacts, answer);
        return location === undefined ? {} : { region: location.toLowerCase() };
      } catch (error) {
        // The roles for objects do not include a look at the bucket itself.
        if (statusOf(error) === 403) return {};
        throw explain(error, { doing, needs: "storage.buckets.get" }, connection);
      }
    },
    findMachine: async () =>
      endpoint.hostname.endsWith(".googleapis.com")
        ? await machineRegion((name) => Deno.env.get(name))
        : undefined,
    isIn: isInLocation,
  };
}

/** Of a machine, job or pod at Google, by the zone that its metadata server names. */
export async function machineRegion(env: (name: string) => string | undefined): Promise<string | undefined> {
  const host = env("GCE_METADATA_HOST") || "metadata.google.internal";
  const headers = { "metadata-flavor": "Google" };
  const zone = await askMetadata(new URL(`http://${host}/computeMetadata/v1/instance/zone`), { headers });
  return zone === undefined ? undefined : /([a-z]+-[a-z]+\d+)-[a-z\d]+$/.exec(zone)?.[1];
}

/** A location is a region, a continent (`us`), or a pair of regions (`nam4`), of which its name tells nothing. */
export function isInLocation(machine: string, location: string): boolean | undefined {
  if (location.includes("-")) return machine === location;
  // https://cloud.google.com/storage/docs/locations: London and Zurich are not in `eu`.
  return { us: /^us-/, eu: /^europe-(?!west[26]$)/, asia: /^asia-/ }[location]?.test(machine);
}
