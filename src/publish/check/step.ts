import { MlforgeError } from "../../error.ts";
import type { Snapshot } from "../publisher.ts";

/** One thing that was tried on the way to a store, and what came of it. Data: the command line renders it. */
export interface Step {
  name:
    | "file"
    | "variables"
    | "credentials"
    | "folder"
    | "bucket"
    | "region"
    | "list"
    | "read"
    | "write"
    | "lock"
    | "conditions"
    | "delete"
    | "disk";
  /** `refused` is a right that is not given, and no fault; `unknown` is what can't be learned from here. */
  outcome: "ok" | "refused" | "unknown" | "failed";
  milliseconds: number;
  /** A few words: what was found, or the error's message. Empty where the outcome says it all. */
  says: string;
  /** Of a step that is not `ok`, where something went wrong in it. */
  error?: MlforgeError;
}

/** What a step found: its words, with an outcome other than `ok` where that is what it found. */
export type Found = string | Pick<Step, "outcome" | "says">;

/**
 * Runs one step and takes its time. What it throws is its outcome: `refused` where `isRefusal` says so of it, else
 * `failed`.
 */
export async function take(
  name: Step["name"],
  act: () => Promise<Found>,
  isRefusal: (error: MlforgeError) => boolean = () => false,
): Promise<Step> {
  const start = performance.now();
  const step = (found: Pick<Step, "outcome" | "says" | "error">): Step => ({
    name,
    milliseconds: performance.now() - start,
    ...found,
  });
  try {
    const found = await act();
    return step(typeof found === "string" ? { outcome: "ok", says: found } : found);
  } catch (error) {
    // Anything else is a bug, and is reported as one.
    if (!(error instanceof MlforgeError)) throw error;
    return step({ outcome: isRefusal(error) ? "refused" : "failed", says: error.message, error });
  }
}

/** What these steps show a store to be good for: publishing (and reading), reading alone, or neither. */
export function goodFor(steps: readonly Step[]): "publishing" | "reading" | "nothing" {
  const ok = (name: Step["name"]) => steps.some((step) => step.name === name && step.outcome === "ok");
  if (!ok("read")) return "nothing";
  return ok("write") && (ok("conditions") || ok("lock")) ? "publishing" : "reading";
}

/** What reading a store found. */
export function publishedText({ features: { size } }: Snapshot): string {
  return `${size} published feature${size === 1 ? "" : "s"}`;
}
