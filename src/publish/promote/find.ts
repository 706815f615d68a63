import { MlforgeError, throwAll } from "../../error.ts";
import { suggestName } from "../../nearest.ts";
import type { Meta } from "../meta.ts";
import type { PromoteRequest } from "../promote.ts";

/** One version of the source. */
export interface VersionToPromote {
  feature: string;
  meta: Meta;
}

/** The versions that are asked for, by their metadata. All that is not there is said at once (code `usage`). */
export async function findVersions(
  { source, from, features }: Pick<PromoteRequest, "source" | "from" | "features">,
): Promise<VersionToPromote[]> {
  const snapshot = await source.read();
  const found: VersionToPromote[] = [];
  const errors: MlforgeError[] = [];
  for (const { name, version: asked } of features) {
    const version = asked ?? snapshot.features.get(name)?.version;
    const meta = version === undefined ? undefined : await source.metadata(name, version);
    if (found.some(({ feature }) => feature === name)) {
      errors.push(
        new MlforgeError("usage", `Can't promote "${name}" twice`, {
          hint: "The store publishes one version of a feature: name one.",
        }),
      );
    } else if (meta !== undefined) {
      found.push({ feature: name, meta });
    } else {
      errors.push(
        new MlforgeError(
          "usage",
          version === undefined
            ? `There is no published feature "${name}" in "${from}"`
            : `There is no version ${version} of "${name}" in "${from}"`,
          {
            hint: snapshot.features.has(name)
              ? `\`mlforge list versions ${name} --profile ${from}\` shows those there are.`
              : suggestName(name, snapshot.features.keys()),
          },
        ),
      );
    }
  }
  throwAll([...errors, ...found.filter(({ meta }) => meta.mlforge.tx === "").map(notOurs)]);
  return found;
}

/** The Python mlforge keeps no whole hash of the data: nobody could tell that the same bytes arrived. */
function notOurs({ feature, meta }: VersionToPromote): MlforgeError {
  return new MlforgeError(
    "usage",
    `Can't promote "${feature}" ${meta.version}: the Python mlforge built it`,
    {
      hint: "Build it once with this mlforge: a version of ours has the hash of its data.",
    },
  );
}
