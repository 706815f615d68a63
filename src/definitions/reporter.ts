import { MlforgeError } from "../error.ts";
import type { Place } from "../error.ts";
import type { RawDefinitions } from "./raw.ts";

/** Collects errors about one part of the definitions: paths are below that part. */
export interface Reporter {
  /** At a value. */
  at(path: readonly (string | number)[], message: string, hint?: string): void;
  /** At a key. */
  key(path: readonly (string | number)[], message: string, hint?: string): void;
  /** Of the part itself: its key, or its value. */
  place(part?: "key" | "value"): Place;
  below(...path: (string | number)[]): Reporter;
}

export function reporter(
  raw: RawDefinitions,
  errors: MlforgeError[],
  base: readonly (string | number)[] = [],
): Reporter {
  const add =
    (part: "key" | "value") => (path: readonly (string | number)[], message: string, hint?: string) => {
      errors.push(new MlforgeError("usage", message, { hint, place: raw.placeOf([...base, ...path], part) }));
    };
  return {
    at: add("value"),
    key: add("key"),
    place: (part = "key") => raw.placeOf(base, part),
    below: (...path) => reporter(raw, errors, [...base, ...path]),
  };
}
