import type { PlaceOf } from "../yaml/located.ts";
import type { UnknownKey } from "../yaml/shape.ts";

const SECRET =
  /secret|token|passw|credential|(access|api|private|account|client)_?key|key_?id|^sas$|^auth(orization)?$/i;

/** Says of keys that look like secrets that they have no place in a file which is committed. */
export const refuseSecrets: UnknownKey = (key) =>
  SECRET.test(key)
    ? {
      message: `Key "${key}" looks like a secret, and secrets never stand in this file`,
      hint: "Remove it: credentials come from the environment, as the provider's own tools find them. " +
        "If the file was shared, replace the secret.",
    }
    : undefined;

/** Leaves the lines of a file out of its errors where there is a secret in it: errors end up in logs. */
export function withoutSecrets(value: unknown, placeOf: PlaceOf): PlaceOf {
  if (!holdsSecret(value)) return placeOf;
  return (path, part) => {
    const { text: _, ...place } = placeOf(path, part);
    return place;
  };
}

function holdsSecret(value: unknown): boolean {
  if (typeof value === "string") return /:\/\/[^/\s]*@/.test(value);
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, one]) => SECRET.test(key) || holdsSecret(one));
}
