import type { Environment } from "../../profile/interpolate.ts";
import { type Profiles, readProfiles } from "../../profile/resolve.ts";
import type { StoreConfig } from "../../stores/config.ts";
import { checkStore } from "./store.ts";
import { type Step, take } from "./step.ts";

export interface ProfileToCheck {
  /** Absolute path of mlforge.yaml. */
  file: string;
  /** One of the file's profiles. */
  profile: string;
  env: Environment;
}

/**
 * Takes all steps from the profile's file to writing into its store; ends with the first one that fails. Returns the store,
 * where the file and the variables give one.
 */
export async function* checkProfile(
  { file, profile, env }: ProfileToCheck,
): AsyncGenerator<Step, StoreConfig | undefined> {
  const found: { profiles?: Profiles; store?: StoreConfig } = {};
  yield await take("file", async () => {
    found.profiles = await readProfiles(file);
    return file;
  });
  const { profiles } = found;
  if (profiles === undefined) return undefined;

  const used = new Map<string, boolean>();
  const noting = (name: string) => {
    const value = env(name);
    used.set(name, value !== undefined);
    return value;
  };
  yield await take("variables", async () => {
    found.store = await Promise.resolve(profiles.storeOf(profile, noting));
    // Values are not said: what of them is no secret stands in the store's address.
    return [...used].map(([name, set]) => set ? name : `${name} (its default)`).join(", ") || "none";
  });
  const { store } = found;
  if (store !== undefined) yield* checkStore(store);
  return store;
}
