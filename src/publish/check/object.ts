import { MlforgeError } from "../../error.ts";
import { isForbidden } from "../../stores/cause.ts";
import { type Key, parseKey } from "../../stores/key.ts";
import type { Condition, PutResult, Store, Token } from "../../stores/store.ts";
import { textBody } from "../object_store/exchange.ts";
import { CREATES, REPLACES, unfitServer } from "../object_store/start.ts";
import type { Publisher } from "../publisher.ts";
import { publishedText, type Step, take } from "./step.ts";

/**
 * Tries what reading and publishing ask of an object store, on an object of its own that goes again; M is only read. An
 * identity that may not write is no failure: nothing more is tried then.
 */
export async function* checkObjectStore(
  { store, publisher }: { store: Store; publisher: Publisher },
): AsyncGenerator<Step> {
  const list = await take("list", async () => {
    for await (const _ of store.list("")) return "";
    return "nothing is there yet";
  });
  yield list;
  if (list.outcome !== "ok") return;

  const read = await take("read", async () => publishedText(await publisher.read()));
  yield read;
  if (read.outcome !== "ok") return;

  const key = parseKey(`_mlforge/probe/${crypto.randomUUID()}`);
  const probe: { token?: Token } = {};
  const write = await take("write", async () => {
    probe.token = written(await putProbe(store, key, { create: true }));
    return "";
  }, isForbidden);
  // Also where the answer was lost: it may be there all the same.
  const conditions = probe.token === undefined ? [] : [await checkConditions(store, key, probe.token)];
  const gone = write.outcome === "refused" ? [] : [await checkDelete(store, key)];
  yield* [write, ...conditions, ...gone];
}

/** What the commit stands on: the server refuses to create what exists, and to replace another state than the one named. */
function checkConditions(store: Store, key: Key, token: Token): Promise<Step> {
  return take("conditions", async () => {
    refused(await putProbe(store, key, { create: true }), CREATES);
    written(await putProbe(store, key, { match: token }));
    refused(await putProbe(store, key, { match: token }), REPLACES);
    return "create and match are honoured";
  });
}

/** No two bodies are the same: an ETag may be of the bytes alone. */
function putProbe(store: Store, key: Key, condition: Condition): Promise<PutResult> {
  return store.put(
    key,
    textBody(`A probe of mlforge profile --validate: ${crypto.randomUUID()}\n`),
    condition,
  );
}

/** The token of a write whose condition held. */
function written(result: PutResult): Token {
  if (result.kind === "written") return result.token;
  throw result.kind === "unknown"
    ? noAnswer(result.cause)
    : unfitServer("refuses a write whose condition holds");
}

/** Throws where a write went through whose condition did not hold. */
function refused(result: PutResult, fault: string): void {
  if (result.kind === "written") throw unfitServer(fault);
  if (result.kind === "unknown") throw noAnswer(result.cause);
}

function noAnswer(cause: unknown): MlforgeError {
  return new MlforgeError("failed", "The store gave no answer that tells whether it has written", {
    hint: "Try again; where it stays so, the server or something on the way to it is ill.",
    cause,
  });
}

function checkDelete(store: Store, key: Key): Promise<Step> {
  return take("delete", async () => {
    try {
      await store.delete(key);
      return "";
    } catch (error) {
      if (!isForbidden(error)) throw error;
      const says = `mlforge gc can't remove anything, and the probe stays: "${key}"`;
      return { outcome: "refused", says };
    }
  });
}
