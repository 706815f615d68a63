import type { Got, Head, Token } from "./store.ts";

/** An object as a listing shows it. */
export interface ListedObject {
  /** Its whole name in the bucket, which may be anything: others made it. */
  name: string;
  /** In bytes. */
  size: number;
  /** Of the object's state, as `head` gives it. */
  token: Token;
}

/**
 * A bucket that others fill, read by objects' own names: where sources lie. Promises as in store.ts: what is missing is
 * undefined, `get` gives one state, `list` goes through all pages in byte order.
 */
export interface Bucket {
  head(name: string): Promise<Head | undefined>;
  /** `range` is [first byte, one past the last byte); it is clipped to the object's end. */
  get(name: string, options?: { range?: [number, number]; match?: Token }): Promise<Got | undefined>;
  /** Names that start with `prefix`. */
  list(prefix: string): AsyncIterable<ListedObject>;
}
