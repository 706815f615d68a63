import { MlforgeError } from "../error.ts";

/** An object's key inside a store's prefix: segments joined by "/", none of which can leave its folder. */
export type Key = string & { readonly key: unique symbol };

/** Letters, digits, and `._-+` inside; a first letter, digit or `_`, or one dot before them (`.meta.json`). */
const SEGMENT = /^\.?[A-Za-z0-9_][A-Za-z0-9._+-]*$/;

/** Parses a key; a white list, so that `..`, empty segments, control characters and back-slashes can't be written. */
export function parseKey(text: string): Key {
  const ok = text.length <= 512 &&
    text.split("/").every((s) => s.length <= 200 && SEGMENT.test(s) && !s.endsWith("."));
  if (!ok) throw new MlforgeError("usage", `Refused "${text}" as a key of the store`);
  return text as Key;
}

export function isKey(text: string): text is Key {
  try {
    parseKey(text);
    return true;
  } catch {
    return false;
  }
}
