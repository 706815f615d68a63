import type { Feature } from "../definitions/model.ts";
import type { Baseline } from "../engines/drift.ts";
import type { Publisher, Snapshot } from "../publish/publisher.ts";

/** What a feature's drift checks compare with, by their `against`. One without a version to compare with is not there. */
export async function baselinesOf(
  feature: Feature,
  { snapshot, publisher }: { snapshot: Snapshot; publisher: Publisher },
): Promise<Record<string, Baseline>> {
  const wanted = new Set(feature.checks.flatMap((check) => check.kind === "drift" ? check.against : []));
  const found: Record<string, Baseline> = {};
  for (const against of wanted) {
    const version = against === "previous" ? snapshot.features.get(feature.name)?.version : against;
    const meta = version === undefined ? undefined : await publisher.metadata(feature.name, version);
    if (meta === undefined) continue;
    found[against] = { version: meta.version, rows: meta.row_count, statistics: meta.mlforge.statistics };
  }
  return found;
}
