import { MlforgeError, throwAll } from "../../error.ts";
import type { PutResult } from "../../stores/store.ts";
import { adoptPointers } from "./adopt.ts";
import { type Context, gaveUp, newPace, textBody, uniqueName } from "./exchange.ts";
import { MANIFEST_KEY } from "./keys.ts";
import { emptyManifest, type Manifest, manifestText } from "./manifest.ts";
import { type Moment, readAgain, readMoment, writeMoment } from "./register.ts";
import { clearPending, rollForward } from "./roll.ts";

/** A writer's first look at the store. */
export interface Session {
  tx: string;
  /** M, with what dead runs left half done completed. */
  moment: Moment;
  notes: string[];
}

/** Begins a write: names the transaction, reads M or creates it, and completes what is pending there. */
export async function start(context: Context): Promise<Session> {
  const tx = newTransaction(context);
  let moment = await readMoment(context) ?? await createManifest(context, tx);
  refuseOtherProject(context, moment.manifest);
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

function refuseOtherProject(context: Context, manifest: Manifest): void {
  const { project } = context;
  if (project === undefined || manifest.project === null || manifest.project === project) return;
  throw new MlforgeError(
    "usage",
    `Refused to write: this store is of project "${manifest.project}", not "${project}"`,
    {
      hint: "Give each project a prefix of its own.",
    },
  );
}

/** Creates M, out of the pointers that are there. Whose create it was does not matter. */
async function createManifest(context: Context, tx: string): Promise<Moment> {
  const adopted = { ...emptyManifest(context.project ?? null), ...await adoptPointers(context), tx };
  const pace = newPace(context);
  for (;;) {
    const result = await createAgain(context, adopted);
    const moment = await readMoment(context);
    if (moment !== undefined) return moment;
    if (!await pace.rest(result === "unknown" ? "unknown" : "conflict")) {
      throw gaveUp(`creating "${MANIFEST_KEY}"`);
    }
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
  await provokeConflict(context, 0, CREATES, () => createAgain(context, moment.manifest));
  await provokeConflict(context, 1, REPLACES, async () => {
    const written = await writeMoment(context, moment, { tx });
    return typeof written === "string" ? written : "written";
  });
  return await readAgain(context);
}

async function createAgain(context: Context, manifest: Manifest): Promise<PutResult["kind"]> {
  const body = textBody(manifestText({ ...manifest, nonce: uniqueName(context) }));
  return (await context.store.put(MANIFEST_KEY, body, { create: true })).kind;
}

/** Repeats a write until the server refuses it; `allowed` is how many of them a right server may take before. */
async function provokeConflict(
  context: Context,
  allowed: number,
  fault: string,
  write: () => Promise<PutResult["kind"]>,
): Promise<void> {
  const pace = newPace(context);
  for (let written = 0;;) {
    const result = await write();
    if (result === "conflict") return;
    if (result === "written" && ++written > allowed) {
      throw unfitServer(fault);
    }
    if (result === "unknown" && !await pace.rest(result)) {
      throw gaveUp("trying whether the server honours conditions");
    }
  }
}
