import { MlforgeError } from "../error.ts";
import { type Environment, interpolate } from "../profile/interpolate.ts";
import type { RawDefinitions } from "./raw.ts";

/** Fills `${oc.env:...}` in the paths of sources in, before anything is read off them, such as a format. */
export function fillPaths(raw: RawDefinitions, env: Environment, errors: MlforgeError[]): RawDefinitions {
  const { sources } = isRecord(raw.value) ? raw.value : {};
  if (!isRecord(sources)) return raw;
  const filled = Object.entries(sources).map(([name, source]) => {
    if (!isRecord(source) || typeof source["path"] !== "string") return [name, source];
    const place = raw.placeOf(["sources", name, "path"], "value");
    try {
      return [name, {
        ...source,
        path: interpolate(source["path"], env, { what: `"path" of source "${name}"`, place }),
      }];
    } catch (error) {
      if (!(error instanceof MlforgeError)) throw error;
      errors.push(error);
      // Its format can't be told now, and csv takes all options: nothing else is complained of for this reason.
      return [name, { ...source, format: source["format"] ?? "csv" }];
    }
  });
  return { ...raw, value: { ...(raw.value as object), sources: Object.fromEntries(filled) } };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
