import type { GcsStoreConfig, S3StoreConfig } from "./config.ts";
import type { Key } from "./key.ts";

/** Names one state of one object: an ETag or a generation. Opaque; equal tokens mean equal bytes. */
export type Token = string & { readonly token: unique symbol };

/** Hex SHA-256 of a body, computed by whoever made it. */
export type Sha256 = string;

export interface Head {
  /** In bytes. */
  size: number;
  token: Token;
  /** As stored by `put`; absent on objects that something else wrote. */
  sha256?: Sha256;
}

export interface Got extends Head {
  /** A stream of bytes: whoever reads it may bring the memory, as `chunksOf` does. */
  body: ReadableStream<Uint8Array>;
}

export interface Listed {
  key: Key;
  size: number;
}

/**
 * What to write: bytes at hand, or a file that is streamed from disk and never held whole. `onSent` is told of bytes of
 * the file as they leave: the sum may pass the size, where a part is sent again.
 */
export type Body =
  | { bytes: Uint8Array; sha256: Sha256 }
  | { file: string; size: number; sha256: Sha256; onSent?: (bytes: number) => void };

/** Condition of a write. There is no unconditional put: the unsafe call can't be written. */
export type Condition = { create: true } | { match: Token };

export type PutResult =
  /** The object holds this body now, by this very call. */
  | { kind: "written"; token: Token }
  /** The condition did not hold when the store looked; or a lost earlier attempt of this very call made it untrue. */
  | { kind: "conflict" }
  /** No answer that can be trusted: the write may have been applied, may be applied later, or never. */
  | { kind: "unknown"; cause: unknown };

/**
 * Bytes under keys, with conditional writes. Knows nothing of features. What every implementation promises:
 *
 * - `put` with `create` writes only where no object is; of any number of racing creators exactly one is `written`.
 * - `put` with `match` writes only where the object's token is the given one; on a missing object it is a `conflict`.
 * - An object is seen whole or not at all; a read after an acknowledged write sees it (or a later one).
 * - `get` and `head` of a missing object give undefined; `get` with a `match` that no longer holds too.
 * - `list` gives every key that was there throughout, in byte order, and none that never was.
 * - `delete` of a missing object is no error. It is unconditional: only the collector of garbage calls it.
 * - A conditional write is never repeated inside; a conflict or a lost answer is a value, not an exception. What is
 *   thrown (an MlforgeError) is certain to have written nothing.
 */
export interface Store {
  head(key: Key): Promise<Head | undefined>;
  /** `range` is [first byte, one past the last byte); it is clipped to the object's end. */
  get(key: Key, options?: { range?: [number, number]; match?: Token }): Promise<Got | undefined>;
  /** Keys that start with `prefix` (a plain string; "" for all). */
  list(prefix: string): AsyncIterable<Listed>;
  put(key: Key, body: Body, condition: Condition): Promise<PutResult>;
  delete(key: Key): Promise<void>;
  /**
   * Only where large bodies are uploaded in parts: gives up uploads that were begun before a moment and never ended. Gives
   * how many; undefined where that is not allowed. Only the collector of garbage calls it.
   */
  abortUploads?(before: Date): Promise<number | undefined>;
  /**
   * Only where a server can copy by itself: creates an object as a copy of the one that another bucket or prefix of the
   * same service has under the same key, as `put` with `create` does; none of its bytes comes here. Undefined, with nothing
   * written, where that one is elsewhere, or is not known to be this `body`.
   */
  copy?(key: Key, from: S3StoreConfig | GcsStoreConfig, body: CopiedBody): Promise<PutResult | undefined>;
}

export interface CopiedBody {
  /** In bytes. */
  size: number;
  sha256: Sha256;
}
