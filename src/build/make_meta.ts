import { isAbsolute, relative, sep } from "../path.ts";
import type { Source } from "../definitions/model.ts";
import type { Meta } from "../publish/meta.ts";
import { ENGINE, VERSION } from "../version.ts";
import type { Done } from "../workers/messages.ts";
import { checksHash } from "./checks_hash.ts";
import type { Planned } from "./plan_features.ts";

/** The metadata of one version, from what was planned and what came out. */
export async function metaOf(
  item: Planned,
  done: Done,
  batch: { tx: string; version: string; root: string },
): Promise<Meta> {
  const { tx, version, root } = batch;
  const { feature, sources } = item;
  const { built, chosen } = done;
  if (chosen === undefined) throw new Error(`No version was chosen for ${feature.name}`);
  const now = new Date().toISOString();
  const dtypes = new Map(built.columns.map((c) => [c.name, c.dtype]));
  return {
    name: feature.name,
    version,
    path: `${feature.name}/${version}/data.parquet`,
    entity: feature.keys[0] ?? "",
    keys: feature.keys,
    source: pathInProject(feature.sources[0], root),
    row_count: built.rows,
    created_at: now,
    updated_at: now,
    content_hash: built.contentHash,
    schema_hash: done.schemaHash,
    config_hash: item.config.hash,
    source_hash: item.sourceHash,
    timestamp: feature.timestamp?.column ?? null,
    interval: feature.interval?.text ?? null,
    columns: built.columns,
    features: feature.metrics.map((metric) => ({
      name: metric.name,
      dtype: dtypes.get(metric.name) ?? "",
      input: metric.input,
      agg: metric.aggregation,
      window: metric.window.text,
    })),
    tags: feature.tags,
    description: feature.description ?? null,
    change_summary: chosen.summary,
    mlforge: {
      format: 1,
      tool: `mlforge ${VERSION}`,
      engine: ENGINE,
      platform: `${Deno.build.os}-${Deno.build.arch}`,
      tx,
      rows_hash: built.rowsHash,
      stamp: built.stamp,
      watermark: built.watermark,
      bytes: built.bytes,
      sources: sources.map((source, i) => ({
        name: source.task.name,
        path: pathInProject(feature.sources[i], root),
        hash: source.hash,
        kind: source.kind,
        bytes: source.bytes,
        files: source.task.files.length,
      })),
      dropped: built.dropped,
      entities: feature.entities.map((entity) => entity.name),
      owner: feature.owner ?? null,
      statistics: built.statistics,
      checks_hash: await checksHash(feature),
      config_parts: await item.config.parts(),
    },
  };
}

/** A source's path as written, or from the project where it was written whole: metadata names no machine's folders. */
function pathInProject(source: Source | undefined, root: string): string {
  const path = source?.path ?? "";
  return isAbsolute(path) ? relative(root, path).split(sep).join("/") : path;
}
