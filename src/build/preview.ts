import { metaColumns } from "../engines/duckdb/types.ts";
import { lookAtFeature } from "./look.ts";
import { selectFeatures } from "./plan_features.ts";
import type { BuildRequest, Preview } from "./report.ts";

/** `mlforge build --preview`: the first rows that a build would write, with nothing published. */
export async function preview(request: BuildRequest, limit: number): Promise<Preview[]> {
  const previews: Preview[] = [];
  for (const feature of selectFeatures(request)) {
    const { columns, rows } = await lookAtFeature(request, feature, limit);
    previews.push({ feature: feature.name, columns: metaColumns(columns), rows });
  }
  return previews;
}
