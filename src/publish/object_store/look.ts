import { MlforgeError } from "../../error.ts";
import type { Token } from "../../stores/store.ts";
import { adoptPointers } from "./adopt.ts";
import type { Context } from "./exchange.ts";
import { emptyManifest, type Manifest } from "./manifest.ts";
import { readMoment } from "./register.ts";

/** What one look at the store showed. */
export interface Seen {
  /** M, or what a first M would say: the pointers of a store that another tool made. */
  manifest: Manifest;
  /** Of M; undefined where there is none yet. */
  token: Token | undefined;
}

/** One GET of M; a store without M is seen by its pointers. Throws (code `usage`) for another project's store. */
export async function look(context: Context): Promise<Seen> {
  const moment = await readMoment(context);
  if (moment !== undefined) {
    refuseOtherProject(context, moment.manifest);
    return moment;
  }
  const manifest = { ...emptyManifest(context.project ?? null), ...await adoptPointers(context) };
  return { manifest, token: undefined };
}

export function refuseOtherProject({ project }: Context, manifest: Manifest): void {
  if (project === undefined || manifest.project === null || manifest.project === project) return;
  throw new MlforgeError(
    "usage",
    `Refused this store: it is of project "${manifest.project}", not "${project}"`,
    { hint: "Give each project a prefix of its own; if it is one project, call it by its first name." },
  );
}
