import type { Feature } from "../definitions/model.ts";
import type { Baseline } from "../engines/drift.ts";
import type { FeatureTask } from "../engines/task.ts";

/** A feature whose data was checked when it was published, or is only looked at. */
export function withoutChecks(feature: Feature): Feature {
  return { ...feature, inputChecks: [], checks: [], lookups: [] };
}

/** A feature as an engine takes it: plain data that can be sent to a worker. `now` is what its checks call the present. */
export function featureTask(
  feature: Feature,
  { configHash, now, baselines = {} }: {
    configHash: string;
    now: Date;
    baselines?: Record<string, Baseline>;
  },
): FeatureTask {
  const { transform } = feature;
  return {
    feature: feature.name,
    sources: feature.sources.map((source) => source.name),
    keys: feature.keys,
    surrogates: feature.entities.flatMap(({ keys: [key], fromColumns }) =>
      key !== undefined && fromColumns !== undefined ? [{ key, columns: fromColumns }] : []
    ),
    transform: transform.kind === "sql"
      ? { kind: "sql", sql: transform.sql, place: transform.place }
      : { kind: transform.kind },
    ...(feature.timestamp === undefined ? {} : { timestamp: feature.timestamp }),
    ...(feature.interval === undefined ? {} : { interval: feature.interval.seconds }),
    metrics: feature.metrics.map((metric) => ({
      name: metric.name,
      input: metric.input,
      aggregation: metric.aggregation,
      window: metric.window.seconds,
    })),
    inputChecks: feature.inputChecks,
    checks: feature.checks,
    hidden: feature.hidden,
    baselines,
    now: now.getTime(),
    ...(feature.threads === undefined ? {} : { threads: feature.threads }),
    configHash,
    place: feature.place,
  };
}
