import { join } from "../../path.ts";
import type { Meta } from "../../publish/meta.ts";
import { openPublisher } from "../../publish/open.ts";
import type { Batch, Publisher } from "../../publish/publisher.ts";
import type { StoreConfig } from "../../stores/config.ts";
import { hashFile } from "../../stores/files.ts";
import { conclude, type SyncItem } from "./report.ts";

/**
 * Takes data from another store where it has the same content, and gives the items that are done by it. Without a
 * batch nothing is taken: the items say where from it would be.
 */
export async function copyData(
  metas: ReadonlyMap<SyncItem, Meta>,
  from: { name: string; store: StoreConfig },
  batch: Batch | undefined,
): Promise<SyncItem[]> {
  const other = await openPublisher(from.store);
  const copied: SyncItem[] = [];
  for (const [item, meta] of metas) {
    const { feature, version } = item;
    const there = await sameContent(other, meta);
    if (there === undefined) continue;
    if (batch === undefined) {
      conclude(item, { from: from.name });
      copied.push(item);
      continue;
    }
    const path = await other.dataPath(feature, there);
    if (path === undefined) continue;
    const file = join(batch.folder, `${feature}-${version}-copied.parquet`);
    await Deno.copyFile(path, file);
    const contentHash = meta.content_hash;
    if (await hashFile(file) !== contentHash) continue;
    if (!await batch.restore({ feature, version, contentHash, file })) continue;
    const { row_count: rows, mlforge: { bytes } } = meta;
    conclude(item, { outcome: "copied", proof: "bytes", from: from.name, rows, bytes });
    copied.push(item);
  }
  return copied;
}

/** The version there that has this content: most often the same one. */
async function sameContent(
  other: Publisher,
  { name, version, content_hash }: Meta,
): Promise<string | undefined> {
  const has = async (candidate: string) =>
    (await other.metadata(name, candidate))?.content_hash === content_hash &&
    await other.dataState({ feature: name, version: candidate, contentHash: content_hash }) === "here";
  if (await has(version)) return version;
  for (const candidate of (await other.versions(name)).reverse()) {
    if (candidate !== version && await has(candidate)) return candidate;
  }
  return undefined;
}
