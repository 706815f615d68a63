import { stableJson } from "./meta.ts";

/** Hex SHA-256 over a value's JSON with sorted keys. By Web Crypto: a plan needs no more of Node than this. */
export async function hashOf(value: unknown): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(stableJson(value)));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
