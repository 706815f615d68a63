import { createHash } from "node:crypto";
import { stableJson } from "../publish/meta.ts";

/** Hex SHA-256 over a value's JSON with sorted keys. */
export function hashOf(value: unknown): string {
  return createHash("sha256").update(stableJson(value)).digest("hex");
}
