import { MlforgeError } from "../error.ts";
import { resolveConfig } from "../profile/resolve.ts";
import { openPublisher } from "../publish/open.ts";
import { retrieve, type RetrieveReport, type RetrieveRequest } from "./retrieve.ts";

/** What a program asks for; the store is that of a profile, as on the command line. */
export interface RetrieveOptions extends Omit<RetrieveRequest, "publisher" | "store" | "locked"> {
  /** A profile of mlforge.yaml; else MLFORGE_PROFILE, else its default_profile. */
  profile?: string;
  /** An mlforge.yaml elsewhere than in the working folder or above it. */
  config?: string;
}

/** As `mlforge retrieve`, for a program. */
export async function retrieveFrom(options: RetrieveOptions): Promise<RetrieveReport> {
  const { profile, config, ...request } = options;
  const { store } = await resolveConfig({
    cwd: Deno.cwd(),
    env: (name) => Deno.env.get(name),
    ...(profile === undefined ? {} : { profile }),
    ...(config === undefined ? {} : { config }),
  });
  if (store === undefined) {
    throw new MlforgeError("usage", "There is no store to retrieve from", {
      hint: "Run it where an mlforge.yaml is, or name one: retrieve({ config, ... }).",
    });
  }
  return await retrieve({ ...request, store, publisher: await openPublisher(store) });
}
