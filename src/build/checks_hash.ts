import type { Feature } from "../definitions/model.ts";
import { hashOf } from "../publish/hash.ts";
import type { Planned } from "./plan_features.ts";

/** Over what a feature's checks ask, wherever they stand; empty where there are none. They are no part of config_hash. */
export async function checksHash({ inputChecks, checks }: Feature): Promise<string> {
  if (inputChecks.length === 0 && checks.length === 0) return "";
  const asked = [inputChecks, checks].map((list) => list.map(({ place: _place, ...check }) => check));
  return await hashOf(asked);
}

/** Notes of features that need not be computed, whose checks are not those that the published version passed. */
export async function otherChecksNotes(planned: readonly Planned[]): Promise<string[]> {
  const notes = planned.map(async ({ feature, change, published }) => {
    if (change !== undefined || published === undefined) return [];
    const now = await checksHash(feature);
    if (now === "" || now === published.checks_hash) return [];
    const { name } = feature;
    return [
      `${name}: ${published.version} was published by other checks; mlforge validate --data asks those of now`,
    ];
  });
  return (await Promise.all(notes)).flat();
}
