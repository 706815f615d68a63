import { type Column, quote } from "../engines/duckdb/types.ts";
import { MlforgeError } from "../error.ts";
import { requireLabel } from "./labels.ts";
import type { Opened } from "./open_feature.ts";

/** SQL of both sides of an equality between a feature's key and a label's column. */
export interface KeyPair {
  key: string;
  label: string;
  /** Of the columns themselves, the key's first. */
  types: [string, string];
}

/** One for each key of the feature; `keys` maps those that the labels call otherwise. */
export function keyPairs(
  { chosen, columns }: Opened,
  labels: readonly Column[],
  keys: Readonly<Record<string, string>>,
): KeyPair[] {
  const { meta, feature, version } = chosen;
  return meta.keys.map((key) => {
    const label = requireLabel(labels, keys[key] ?? key, `key "${key}" of feature "${feature}"`);
    const column = columns.find((c) => c.name === key);
    if (column !== undefined) return comparable(feature, column, label);
    throw new MlforgeError("failed", `The data of feature "${feature}" ${version} has no column "${key}"`, {
      hint: "It is not what its metadata says: build the feature again.",
    });
  });
}

/** Kinds of types whose values compare exactly. */
const KINDS: [pattern: RegExp, kind: string][] = [
  [/INT(EGER)?$|^DECIMAL/, "number"],
  [/^(VARCHAR|UUID|ENUM)/, "text"],
  [/^TIMESTAMP/, "time"],
];

function comparable(feature: string, key: Column, label: Column): KeyPair {
  const kindOf = (type: string) => KINDS.find(([pattern]) => pattern.test(type))?.[1] ?? type;
  const kind = kindOf(key.type);
  if (kind !== kindOf(label.type)) {
    throw new MlforgeError(
      "usage",
      `Key "${key.name}" of feature "${feature}" is of type ${key.type}, the labels' column "${label.name}" of ${label.type}`,
      { hint: `Cast it where the labels are made: CAST("${label.name}" AS ${key.type}).` },
    );
  }
  const types: KeyPair["types"] = [key.type, label.type];
  if (kind !== "text") return { key: quote(key.name), label: quote(label.name), types };
  return {
    key: `CAST(${quote(key.name)} AS VARCHAR)`,
    label: `CAST(${quote(label.name)} AS VARCHAR)`,
    types,
  };
}
