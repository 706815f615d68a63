import { createHash } from "node:crypto";
import { MlforgeError } from "../../error.ts";
import type { Key } from "../../stores/key.ts";
import type { Body, Store, Token } from "../../stores/store.ts";

/** What the protocol stands on. Clock and chance come from outside, and are never part of safety. */
export interface Context {
  store: Store;
  clock(): Date;
  /** In [0, 1). */
  random(): number;
  sleep(milliseconds: number): Promise<void>;
  /** Refuses a store of another project; undefined takes any. */
  project?: string;
}

/** A text of the store and the token of the state it was read in. */
export interface Text {
  text: string;
  token: Token;
}

export async function readText(store: Store, key: Key): Promise<Text | undefined> {
  const got = await store.get(key);
  if (got === undefined) return undefined;
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of got.body) text += decoder.decode(chunk, { stream: true });
  return { text: text + decoder.decode(), token: got.token };
}

export function textBody(text: string): Body {
  return { bytes: new TextEncoder().encode(text), sha256: sha256(text) };
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * Writes a text where nothing is, and settles unknown answers by reading back: "ours" once the object holds this text,
 * whoever wrote it; "other" where it holds another one.
 */
export async function createText(
  context: Context,
  pace: Pace,
  key: Key,
  text: string,
): Promise<{ kind: "ours" } | { kind: "other"; text: string }> {
  for (;;) {
    const result = await context.store.put(key, textBody(text), { create: true });
    if (result.kind === "written") return { kind: "ours" };
    const found = await readText(context.store, key);
    if (found !== undefined) {
      return found.text === text ? { kind: "ours" } : { kind: "other", text: found.text };
    }
    if (!await pace.rest(result.kind)) throw gaveUp(`writing "${key}"`);
  }
}

/** One operation's patience: waits that grow, with full jitter, inside one budget of time. */
export interface Pace {
  /** Waits before another try; false, at once, where the budget does not reach. */
  rest(after: "conflict" | "unknown"): Promise<boolean>;
}

/** How long one operation keeps trying, in milliseconds. */
export const BUDGET = 60_000;
const LONGEST = 8_000;

/** Google's store allows about one write a second to one object: after its refusals (unknown), start from there. */
const FIRST = { conflict: 50, unknown: 1_000 };

export function newPace(context: Context): Pace {
  const end = context.clock().getTime() + BUDGET;
  let tries = 0;
  return {
    async rest(after) {
      const wait = context.random() * Math.min(LONGEST, FIRST[after] * 2 ** tries++);
      if (context.clock().getTime() + wait > end) return false;
      await context.sleep(wait);
      return true;
    },
  };
}

/** Where the budget ended before anything could have become visible. */
export function gaveUp(doing: string, cause?: unknown): MlforgeError {
  return new MlforgeError("failed", `Gave up ${doing} after ${BUDGET / 1000} seconds of trying`, {
    hint: "The store gave no answer that settles it. Nothing of this became visible; running again is safe.",
    cause,
  });
}

/** A name that nobody else has: 128 random bits, in hex. */
export function uniqueName(context: Context): string {
  let name = "";
  for (let i = 0; i < 4; i++) {
    name += Math.floor(context.random() * 2 ** 32).toString(16).padStart(8, "0");
  }
  return name;
}
