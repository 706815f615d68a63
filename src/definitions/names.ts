/** Names that Windows keeps for devices: no folder can have one. */
const DEVICE = /^(con|nul|aux|prn|(com|lpt)[0-9])$/;

/** Why a name can't be one of a source, an entity, a feature or a project; undefined where it can. */
export function whyNotName(name: string): string | undefined {
  if (name === "") return "is empty";
  if (name.length > 64) return "is longer than 64 characters";
  if (DEVICE.test(name)) return "is the name of a device on Windows";
  if (!/^[a-z]/.test(name)) return "doesn't start with a lower-case letter";
  if (/[^a-z0-9_]/.test(name)) return "holds something else than lower-case letters, digits and _";
  if (name.includes("__")) return "holds two _ in a row, which part the names of metrics";
  return undefined;
}

/** The name that a person probably wants instead: `Late Flights` -> `late_flights`. */
export function rightName(name: string): string | undefined {
  const parts = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase().split(/[^a-z0-9]+/).filter(Boolean);
  const right = parts.join("_").replace(/^[0-9_]+/, "").slice(0, 64).replace(/_$/, "");
  return right !== name && whyNotName(right) === undefined ? right : undefined;
}
