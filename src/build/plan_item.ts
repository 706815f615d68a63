import type { Planned } from "./plan_features.ts";
import type { PlanItem } from "./report.ts";

/** A planned feature in a report's words; `next` and `rows` are added by whoever knows them. */
export function planItem(item: Planned): PlanItem {
  const current = item.published?.version;
  return {
    feature: item.feature.name,
    status: item.status,
    why: item.change?.why ?? [],
    ...(current === undefined ? {} : { current }),
    bytes: item.change === undefined ? 0 : item.sources.reduce((sum, source) => sum + source.bytes, 0),
  };
}
