import type { MetaColumn } from "../publish/meta.ts";
import { cacheFolder } from "../cache_folder.ts";
import { openPublisher } from "../publish/open.ts";
import type { Publisher } from "../publish/publisher.ts";
import { candidates } from "../publish/version.ts";
import { metaColumns } from "../engines/duckdb/types.ts";
import { type Change, chooseVersion } from "../publish/change.ts";
import { cacheSettings } from "../fetch/cache_settings.ts";
import { openFingerprints } from "./fingerprint.ts";
import { hashOf } from "../publish/hash.ts";
import { lookAtFeature } from "./look.ts";
import { planFeatures, type Planned, resolveSources, selectFeatures } from "./plan_features.ts";
import { planItem } from "./plan_item.ts";
import type { BuildRequest, PlanItem } from "./report.ts";

/** `mlforge build --dry-run`: what a build would do, feature by feature, and why. Writes nothing. */
export async function plan(request: BuildRequest): Promise<PlanItem[]> {
  const features = selectFeatures(request);
  const fingerprints = await openFingerprints(cacheFolder((name) => Deno.env.get(name)));
  const sources = await resolveSources(features, request, fingerprints);
  const publisher = await openPublisher(request.store, { project: request.project.name });
  const snapshot = await publisher.read();
  const planned = await planFeatures(features, sources, { snapshot, publisher }, {
    force: request.force === true,
    explain: true,
    restore: request.store.kind === "local",
    ...(request.version === undefined ? {} : { version: request.version }),
  });
  await fingerprints.save();
  const items: PlanItem[] = [];
  for (const item of planned) {
    const plain = planItem(item);
    if (item.change === undefined) {
      items.push(plain);
      continue;
    }
    const rows = await rowsToRead(item);
    items.push({
      ...plain,
      next: await nextVersion(item, item.change, request, publisher),
      ...(rows === undefined ? {} : { rows }),
    });
  }
  return items;
}

/** One version, or the two between which only the function's output decides. */
async function nextVersion(
  { feature }: Planned,
  change: Change,
  request: BuildRequest,
  publisher: Publisher,
): Promise<string> {
  const taken = new Set(await publisher.versions(feature.name));
  const version = (columns: readonly MetaColumn[] | undefined, schemaHash: string) => {
    const contentHash = change.published?.content_hash ?? "";
    const output = { columns: columns ?? [], schemaHash, contentHash, rowsHash: "" };
    const chosen = chooseVersion(change, output);
    if (chosen === undefined) return change.published?.version ?? "";
    for (const candidate of candidates(chosen.wish)) if (!taken.has(candidate)) return candidate;
    return "";
  };
  const { published } = change;
  if (published === undefined) return version(undefined, "");
  if (!change.definitionChanged) return version(change.columns, published.schema_hash);
  if (feature.transform.kind === "function") {
    const same = version(change.columns, published.schema_hash);
    const other = version([], "");
    return same === other ? same : `${same} or ${other}`;
  }
  const columns = metaColumns((await lookAtFeature(request, feature)).columns);
  return version(columns, await hashOf(columns));
}

/** Rows of all sources, where every one of them is Parquet, whose footers tell. */
async function rowsToRead({ feature, sources }: Planned): Promise<number | undefined> {
  if (!sources.every((source) => source.task.format === "parquet")) return undefined;
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const { openFetched } = await import("../engines/duckdb/fetched.ts");
  const { literal } = await import("../engines/duckdb/types.ts");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await using fetched = await openFetched(sources.map((source) => source.task), { cache: cacheSettings() });
  try {
    await fetched.bring(connection, undefined);
    const list = fetched.sources.flatMap((source) => source.files).map(literal).join(", ");
    const reader = await connection.runAndReadAll(
      `SELECT sum(num_rows) FROM parquet_file_metadata([${list}])`,
    );
    return Number(reader.getRows()[0]?.[0] ?? 0);
  } catch (cause) {
    const { engineError } = await import("../engines/duckdb/errors.ts");
    throw engineError(cause, `read the sources of feature "${feature.name}"`, feature.place);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
