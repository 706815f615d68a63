import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { parseKey } from "../../src/stores/key.ts";
import type { Body, Got, PutResult, Store, Token } from "../../src/stores/store.ts";

export const CREATE = { create: true } as const;

export function bodyOf(content: string | Uint8Array): Body {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { bytes, sha256: sha256(bytes) };
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export function written(result: PutResult): Token {
  assert.equal(result.kind, "written");
  return result.kind === "written" ? result.token : assert.fail();
}

export async function bytesOf(got: Got | undefined): Promise<Uint8Array> {
  assert.ok(got !== undefined, "the object is there");
  return new Uint8Array(await new Response(got.body).arrayBuffer());
}

export async function textOf(store: Store, key: string): Promise<string> {
  return new TextDecoder().decode(await bytesOf(await store.get(parseKey(key))));
}

export async function keysOf(store: Store, prefix: string): Promise<string[]> {
  return (await Array.fromAsync(store.list(prefix))).map((listed) => listed.key);
}

/** Bytes that repeat nowhere near, the same on each run. */
export function pattern(length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + 1, 2654435761) ^ (i >>> 7);
  return new Uint8Array(words.buffer, 0, length);
}
