import { createHash } from "node:crypto";
import type { Key } from "../../src/stores/key.ts";
import type {
  Body,
  Condition,
  Head,
  Listed,
  PutResult,
  Sha256,
  Store,
  Token,
} from "../../src/stores/store.ts";

/** One object. Its token is its bytes' hash, as an ETag is: the same bytes again have the same token again. */
export interface StoredObject {
  /** Absent for a file that nobody reads back: the simulation's data. */
  bytes?: Uint8Array;
  size: number;
  sha256: Sha256;
}

export type Objects = Map<string, StoredObject>;

export function tokenOf(object: StoredObject): Token {
  return object.sha256 as Token;
}

/** Whether a conditional write may happen now. */
export function allows(objects: Objects, key: string, condition: Condition): boolean {
  const there = objects.get(key);
  return "create" in condition
    ? there === undefined
    : there !== undefined && tokenOf(there) === condition.match;
}

export function headOf(object: StoredObject): Head {
  return { size: object.size, token: tokenOf(object), sha256: object.sha256 };
}

export function keysUnder(objects: Objects, prefix: string): string[] {
  return [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
}

/** A store in memory that keeps every promise of Store; `objects` is what is in it. */
export function openMemoryStore(objects: Objects = new Map()): Store {
  return {
    head(key) {
      const object = objects.get(key);
      return Promise.resolve(object === undefined ? undefined : headOf(object));
    },
    get(key, options = {}) {
      const object = objects.get(key);
      if (object?.bytes === undefined) return Promise.resolve(undefined);
      if (options.match !== undefined && options.match !== tokenOf(object)) return Promise.resolve(undefined);
      const bytes = options.range === undefined ? object.bytes : object.bytes.slice(...options.range);
      return Promise.resolve({ ...headOf(object), body: streamOf(bytes) });
    },
    async *list(prefix): AsyncIterable<Listed> {
      for (const key of keysUnder(objects, prefix)) {
        const object = await Promise.resolve(objects.get(key));
        if (object !== undefined) yield { key: key as Key, size: object.size };
      }
    },
    async put(key, body, condition): Promise<PutResult> {
      const object = await stored(body);
      if (!allows(objects, key, condition)) return { kind: "conflict" };
      objects.set(key, object);
      return { kind: "written", token: tokenOf(object) };
    },
    delete(key) {
      objects.delete(key);
      return Promise.resolve();
    },
  };
}

async function stored(body: Body): Promise<StoredObject> {
  const bytes = "bytes" in body ? body.bytes : await Deno.readFile(body.file);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== body.sha256) throw new Error(`The body's hash is ${sha256}, not ${body.sha256}`);
  return { bytes, size: bytes.length, sha256 };
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: "bytes",
    start(controller) {
      // In two chunks, so that readers who take the first for the whole are found out.
      const middle = bytes.length >> 1;
      for (const chunk of [bytes.slice(0, middle), bytes.slice(middle)]) {
        if (chunk.length > 0) controller.enqueue(chunk);
      }
      controller.close();
    },
  });
}
