import { MlforgeError, throwAll } from "../../error.ts";
import { type Context, gaveUp, newPace, textBody, uniqueName } from "./exchange.ts";
import { MANIFEST_KEY } from "./keys.ts";
import { look, refuseOtherProject, type Seen } from "./look.ts";
import { type Manifest, manifestText } from "./manifest.ts";
import { type Moment, readAgain, readMoment, writeMoment, type Written } from "./register.ts";
import { clearPending, rollForward } from "./roll.ts";

/** A writer's first look at the store. */
export interface Session {
  tx: string;
  /** M, with what dead runs left half done completed. Its manifest is the very one that was seen, where that was all. */
  moment: Moment;
  notes: string[];
}

/**
 * Begins a write: names the transaction, reads M or creates it, and completes what is pending there. What was `seen`
 * before is not looked at again, unless something was pending there, which may be done by now.
 */
export async function start(context: Context, seen?: Seen): Promise<Session> {
  const tx = newTransaction(context);
  const { manifest, token } = seen?.manifest.pending.length === 0 ? seen : await look(context);
  let moment = token === undefined ? await createManifest(context, manifest, tx) : { manifest, token };
  // Only a commit records the proof: until the first one, every writer asks for it.
  if (!moment.manifest.probed) moment = await proveConditions(context, moment, tx);
  const notes: string[] = [];
  if (moment.manifest.pending.length > 0) {
    const rolled = await rollForward(context, moment.manifest, moment.manifest.pending);
    throwAll(rolled.violations);
    for (const other of new Set(rolled.entries.map((e) => e.tx))) {
      notes.push(`Completed commit ${other} of another run`);
    }
    moment = await clearPending(context, moment, tx, rolled) ?? await readAgain(context);
  }
  return { tx, moment, notes };
}

/** Sorts by time of day of its maker; unique by chance. */
function newTransaction(context: Context): string {
  return `${context.clock().toISOString().replace(/[-:]|\.\d+/g, "")}-${uniqueName(context)}`;
}

/** Creates M, out of the pointers that were seen. Whose create it was does not matter. */
async function createManifest(context: Context, manifest: Manifest, tx: string): Promise<Moment> {
  const pace = newPace(context);
  for (;;) {
    const result = await create(context, { ...manifest, tx });
    if (typeof result !== "string") return result;
    const moment = await readMoment(context);
    if (moment !== undefined) {
      refuseOtherProject(context, moment.manifest);
      return moment;
    }
    if (!await pace.rest(result)) throw gaveUp(`creating "${MANIFEST_KEY}"`);
  }
}

/** What a server does that is not fit. */
export const CREATES = "creates what exists";
export const REPLACES = "replaces another state than the one asked for";

export function unfitServer(fault: string): MlforgeError {
  return new MlforgeError("usage", `Refused this store: its server ${fault}`, {
    hint:
      "Two builds at once would destroy each other's work there. It must honour If-Match and If-None-Match.",
  });
}

/**
 * Asks the server for what it must refuse, on M itself: to create what exists, and to replace one and the same state of
 * M twice (by its own content, so that nothing changes). A server that does either is not fit.
 */
async function proveConditions(context: Context, moment: Moment, tx: string): Promise<Moment> {
  await provokeConflict(context, 0, CREATES, () => create(context, moment.manifest));
  let replaced: Moment | undefined;
  await provokeConflict(context, 1, REPLACES, async () => {
    const written = await writeMoment(context, moment, { tx });
    if (typeof written !== "string") replaced = written;
    return written;
  });
  return replaced ?? await readAgain(context);
}

async function create(context: Context, manifest: Manifest): Promise<Written> {
  const first = { ...manifest, nonce: uniqueName(context) };
  const result = await context.store.put(MANIFEST_KEY, textBody(manifestText(first)), { create: true });
  return result.kind === "written" ? { manifest: first, token: result.token } : result.kind;
}

/** Repeats a write until the server refuses it; `allowed` is how many of them a right server may take before. */
async function provokeConflict(
  context: Context,
  allowed: number,
  fault: string,
  write: () => Promise<Written>,
): Promise<void> {
  const pace = newPace(context);
  for (let written = 0;;) {
    const result = await write();
    if (result === "conflict") return;
    if (result !== "unknown" && ++written > allowed) throw unfitServer(fault);
    if (result === "unknown" && !await pace.rest(result)) {
      throw gaveUp("trying whether the server honours conditions");
    }
  }
}
