import { openPublisher } from "../publish/open.ts";
import { configOf, differingParts } from "./config_hash.ts";
import { selectFeatures } from "./plan_features.ts";
import type { BuildRequest, PlanItem } from "./report.ts";

/** `mlforge build --check`: definitions against published metadata. Needs no data, writes nothing. */
export async function check(
  request: Pick<BuildRequest, "project" | "store" | "features" | "tags">,
): Promise<PlanItem[]> {
  const features = selectFeatures(request);
  const publisher = await openPublisher(request.store, { project: request.project.name });
  const snapshot = await publisher.read();
  return await Promise.all(features.map(async (feature): Promise<PlanItem> => {
    const config = await configOf(feature);
    const published = snapshot.features.get(feature.name);
    const common = { feature: feature.name, bytes: 0 };
    if (published === undefined) return { ...common, status: "new", why: ["nothing is published yet"] };
    const current = published.version;
    if (published.config_hash === config.hash) return { ...common, status: "unchanged", current, why: [] };
    const meta = await publisher.metadata(feature.name, current);
    return {
      ...common,
      status: "changed",
      current,
      why: differingParts(meta?.mlforge.config_parts, await config.parts()),
    };
  }));
}
