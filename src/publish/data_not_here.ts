import { MlforgeError } from "../error.ts";
import type { Snapshot } from "./publisher.ts";

/** The error of whoever needs data that a clone came without, or that was changed in its place. */
export function dataNotHere(feature: string, version: string, { features }: Snapshot): MlforgeError {
  const current = features.get(feature)?.version;
  return new MlforgeError("failed", `The data of "${feature}" ${version} is not here`, {
    hint: version === current
      ? "A clone comes without data, and data that was changed does not count: " +
        `mlforge build --force --features ${feature} puts it back.`
      : `Only what is published now${current === undefined ? "" : `, ${current},`} can be built again: ` +
        "copy this version's data.parquet from where it was built.",
  });
}
