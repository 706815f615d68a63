import * as v from "valibot";
import { MlforgeError } from "../../error.ts";
import { cleanCause } from "../cause.ts";
import { once, SMALL } from "../retry.ts";
import type { Condition, PutResult, Sha256, Token } from "../store.ts";
import { SHA256_METADATA } from "../whole.ts";
import type { Connection } from "./connect.ts";
import { type Action, explain, isTransient, statusError, statusOf } from "./explain.ts";
import { textOfCrc32c } from "./crc32c.ts";
import { DIGITS, objectPath } from "./facts.ts";
import { wasNeverSent } from "./network.ts";

const created = v.object({ generation: DIGITS, crc32c: v.string() });

/** Query of the request that begins a write: its condition, and what the answer to its end shall say. */
export function writeQuery(condition: Condition): Record<string, string> {
  return {
    // No object has generation 0: to match it is to create.
    ifGenerationMatch: "create" in condition ? "0" : condition.match,
    fields: "generation,crc32c",
  };
}

/** What an object is to be, beside its bytes. */
export function metadataOf(name: string, sha256: Sha256): Record<string, unknown> {
  return {
    name,
    contentType: "application/octet-stream",
    // What anyone may read, caches on the way would show in old states.
    cacheControl: "no-cache",
    metadata: { [SHA256_METADATA]: sha256 },
  };
}

export function writing({ bucket }: Connection, name: string): Action {
  return { doing: `write gs://${bucket}/${name}`, needs: "storage.objects.create" };
}

/**
 * What the request that creates an object came to. Only a refusal that is certain to come before anything was written is
 * thrown; an answer that says neither yes nor no is `unknown`.
 */
export async function outcomeOf(
  connection: Connection,
  { name, crc }: { name: string; crc: number },
  write: () => Promise<Response>,
): Promise<PutResult> {
  return await settle(connection, name, async () => {
    const answer = await write();
    if (!answer.ok) throw await statusError(answer);
    const { generation, crc32c } = v.parse(created, await answer.json());
    if (crc32c !== textOfCrc32c(crc)) await undo(connection, name, generation);
    return generation;
  });
}

/** As `outcomeOf`, of any work that ends with the generation of the object that it created. */
export async function settle(
  connection: Connection,
  name: string,
  work: () => Promise<string>,
): Promise<PutResult> {
  try {
    return { kind: "written", token: await work() as Token };
  } catch (error) {
    if (statusOf(error) === 412) return { kind: "conflict" };
    if (isUncertain(error)) return { kind: "unknown", cause: cleanCause(error) };
    throw explain(error, writing(connection, name), connection);
  }
}

/** Whether a failed write may have been applied, or may be later. */
function isUncertain(error: unknown): boolean {
  if (error instanceof MlforgeError || wasNeverSent(error)) return false;
  return isTransient(error) || statusOf(error) === 409 || statusOf(error) === 410;
}

/** Takes back what did not arrive as it was sent. Google refuses that by itself; an emulator may not. */
async function undo(connection: Connection, name: string, generation: string): Promise<never> {
  const path = objectPath(connection.bucket, name);
  const request = { method: "DELETE", path, query: { generation } } as const;
  await once(({ signal }) => connection.send({ ...request, signal }), SMALL.total)
    .then((answer) => answer.body?.cancel()).catch(() => {});
  throw new MlforgeError(
    "failed",
    `Can't ${writing(connection, name).doing}: other bytes arrived than were sent`,
    {
      hint: "The object was deleted again. Run again.",
    },
  );
}
