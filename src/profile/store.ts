import { resolve } from "../path.ts";
import { MlforgeError, throwAll } from "../error.ts";
import type { StoreConfig } from "../stores/config.ts";
import { isLinkLocal, isLoopback } from "../stores/endpoint.ts";
import type { Path, PlaceOf } from "../yaml/located.ts";
import { validate } from "../yaml/shape.ts";
import { type Environment, interpolate } from "./interpolate.ts";
import { storeSchema, type WrittenStore } from "./schema.ts";
import { refuseSecrets, withoutSecrets } from "./secrets.ts";

/** An `offline_store` as it stands in a file. */
export interface StoreAsWritten {
  value: unknown;
  /** Places of what stands below the store: `["path"]`, or `[]` for the store itself. */
  placeOf: PlaceOf;
  /** Absolute; relative paths of a local store begin there. */
  folder: string;
  /** As it stands in a sentence: `profile "dev"`. */
  what: string;
}

/**
 * Reads an offline store: checks its shape, fills in its variables, and checks the values. All errors are thrown at once,
 * code `usage`, each with its place.
 */
export function readStore(
  { value, placeOf: bare, folder, what }: StoreAsWritten,
  env: Environment,
): StoreConfig {
  const placeOf = withoutSecrets(value, bare);
  const options = { what: `the store of ${what}`, unknownKey: refuseSecrets };
  const written = validate(storeSchema, value, placeOf, options);
  const filled = fillIn(written, placeOf, options.what, env);
  const unchanged = Object.entries(written).every(([key, value]) => filled[key] === value);
  const store = unchanged ? written : validate(storeSchema, filled, placeOf, options);
  if (store.KIND === "local") return { kind: "local", path: resolve(folder, store.path) };
  checkEndpoint(store, placeOf, options.what);
  const { KIND: kind, bucket, prefix, endpoint, insecure } = store;
  return {
    kind,
    bucket,
    prefix: prefix?.replace(/^\/+|\/+$/g, "") ?? "",
    // An empty text, as of an empty default, is none.
    ...(kind === "s3" && store.region ? { region: store.region } : {}),
    ...(endpoint ? { endpoint } : {}),
    ...(kind === "s3" && store.path_style !== undefined ? { pathStyle: store.path_style } : {}),
    ...(insecure === undefined ? {} : { insecure }),
  };
}

function fillIn(
  written: WrittenStore,
  placeOf: PlaceOf,
  what: string,
  env: Environment,
): Record<string, unknown> {
  const errors: MlforgeError[] = [];
  const filled = Object.entries(written).map(([key, value]) => {
    if (typeof value !== "string") return [key, value];
    const path: Path = [key];
    try {
      return [key, interpolate(value, env, { what: `"${key}" of ${what}`, place: placeOf(path, "value") })];
    } catch (error) {
      if (!(error instanceof MlforgeError)) throw error;
      errors.push(error);
      return [key, value];
    }
  });
  throwAll(errors);
  return Object.fromEntries(filled);
}

/**
 * What goes by plain http can be read and changed on its way, and nothing of it would be noticed. At link-local addresses
 * there are no stores, but a cloud's credentials, for whoever asks.
 */
function checkEndpoint(
  { endpoint, insecure }: { endpoint?: string | undefined; insecure?: boolean | undefined },
  placeOf: PlaceOf,
  what: string,
): void {
  if (!endpoint) return;
  const url = new URL(endpoint);
  const place = placeOf(["endpoint"], "value");
  if (isLinkLocal(url)) {
    throw new MlforgeError("usage", `"endpoint" of ${what} is "${url.hostname}", a link-local address`, {
      hint: "No object store has such an address: name the store's own.",
      place,
    });
  }
  if (insecure || url.protocol === "https:" || isLoopback(url)) return;
  throw new MlforgeError("usage", `"endpoint" of ${what} goes by plain http to "${url.hostname}"`, {
    hint: 'Use https, or allow it by "insecure: true" where you trust all of the network.',
    place,
  });
}
