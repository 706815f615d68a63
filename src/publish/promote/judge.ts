import { MlforgeError, throwAll } from "../../error.ts";
import type { PromoteRequest } from "../promote.ts";
import type { Published, Snapshot } from "../publisher.ts";
import { compareVersions } from "../version.ts";
import type { VersionToPromote } from "./find.ts";

/**
 * Those of the versions that are still to be brought: what the target publishes already, with the same content, is done.
 * Throws what can't be brought (code `failed`), all of it at once.
 */
export async function judge(
  versions: readonly VersionToPromote[],
  { target, to }: Pick<PromoteRequest, "target" | "to">,
  now: Snapshot,
): Promise<VersionToPromote[]> {
  const open: VersionToPromote[] = [];
  const errors: MlforgeError[] = [];
  for (const one of versions) {
    const { feature, meta: { version, content_hash } } = one;
    const published = now.features.get(feature);
    const top = now.top.get(feature);
    if (published?.version === version) {
      if (published.content_hash !== content_hash) errors.push(otherContent(one, to));
    } else if (top === undefined || compareVersions(version, top) > 0) {
      open.push(one);
    } else {
      const there = await target.metadata(feature, version);
      const same = there?.content_hash === content_hash;
      errors.push(
        same
          ? thereAlready(one, to, published)
          : there === undefined
          ? passed(one, to, top)
          : otherContent(one, to),
      );
    }
  }
  throwAll(errors);
  return open;
}

const ANOTHER =
  "A published version never changes, and no number comes back: build a higher one, and promote that.";

function otherContent({ feature, meta: { version } }: VersionToPromote, to: string): MlforgeError {
  return refused(feature, version, `"${to}" has a ${version} with other content`, ANOTHER);
}

function passed({ feature, meta: { version } }: VersionToPromote, to: string, top: string): MlforgeError {
  const hint = `${ANOTHER} (mlforge build --force --version X.Y.Z)`;
  return refused(feature, version, `"${to}" has gone on to ${top} without it`, hint);
}

function thereAlready(
  { feature, meta: { version } }: VersionToPromote,
  to: string,
  published: Published | undefined,
): MlforgeError {
  const now = published === undefined ? "has retired the feature" : `publishes ${published.version} now`;
  const hint = `mlforge rollback ${feature} ${version} --profile ${to} makes it the published one again.`;
  return refused(feature, version, `"${to}" has it already, and ${now}`, hint);
}

function refused(feature: string, version: string, why: string, hint: string): MlforgeError {
  return new MlforgeError("failed", `Refused to promote "${feature}" ${version}: ${why}`, { hint });
}
