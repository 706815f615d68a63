import { MlforgeError } from "../../error.ts";
import { type Key, parseKey } from "../../stores/key.ts";
import { VERSION } from "../read_meta.ts";

/** Where things stand in an object store. The first three are the contract with every reader. */
export function dataKey(feature: string, version: string): Key {
  return parseKey(`${versionFolder(feature, version)}/data.parquet`);
}

export function metadataKey(feature: string, version: string): Key {
  return parseKey(`${versionFolder(feature, version)}/.meta.json`);
}

export function pointerKey(feature: string): Key {
  return parseKey(`${featureFolder(feature)}/_latest.json`);
}

/** M, the one register that decides what is published. */
export const MANIFEST_KEY = parseKey("_mlforge/manifest.json");

/** A commit's redo record; `name` is the transaction, with a number from its second round on. */
export function recordKey(name: string): Key {
  return parseKey(`_mlforge/tx/${name}.json`);
}

/** The feature's folder with its slash, as a prefix to list. */
export function featurePrefix(feature: string): string {
  return `${featureFolder(feature)}/`;
}

/** What a listed key is of: undefined for what is no version's file. */
export function parseVersionKey(
  key: string,
): { feature: string; version: string; file: "data.parquet" | ".meta.json" } | undefined {
  const [feature, version, file, ...more] = key.split("/");
  if (feature === undefined || version === undefined || more.length > 0) return undefined;
  if (feature === "_mlforge" || !VERSION.test(version)) return undefined;
  return file === "data.parquet" || file === ".meta.json" ? { feature, version, file } : undefined;
}

/** The feature of a listed `_latest.json`. */
export function parsePointerKey(key: string): string | undefined {
  const [feature, file, ...more] = key.split("/");
  return file === "_latest.json" && more.length === 0 && feature !== "_mlforge" ? feature : undefined;
}

function versionFolder(feature: string, version: string): string {
  if (!VERSION.test(version)) {
    throw new MlforgeError("usage", `Refused "${version}" as a version`, {
      hint: "A version is three numbers: 1.3.0",
    });
  }
  return `${featureFolder(feature)}/${version}`;
}

function featureFolder(feature: string): string {
  if (feature.includes("/") || feature === "_mlforge") {
    throw new MlforgeError("usage", `Refused "${feature}" as a feature's name`);
  }
  parseKey(feature);
  return feature;
}
