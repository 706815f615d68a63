import { MlforgeError } from "../error.ts";
import type { Snapshot } from "./publisher.ts";

/** The error of whoever goes back to a version that no metadata is of. */
export function neverPublished(feature: string, version: string): MlforgeError {
  return new MlforgeError("usage", `"${feature}" ${version} was never published, or is gone`, {
    hint: `mlforge list versions ${feature} shows what there is.`,
  });
}

/** The error of whoever needs data that a clone came without, or that was changed in its place. */
export function dataNotHere(feature: string, version: string, { features }: Snapshot): MlforgeError {
  const older = features.get(feature)?.version === version ? "" : ` --version ${version}`;
  return new MlforgeError("failed", `The data of "${feature}" ${version} is not here`, {
    hint: "A clone comes without data, and data that was changed does not count: " +
      `mlforge sync --features ${feature}${older} brings it back.`,
  });
}
