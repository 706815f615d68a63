import { neverPublished } from "./data_not_here.ts";
import type { Meta } from "./meta.ts";
import type { Publisher } from "./publisher.ts";

/** What is published in a store, as one document: the same bytes for the same store, wherever it lies. */
export interface StoreManifest {
  /** Of this document. */
  format: 1;
  /** The published version of each feature, by name: its whole metadata, as it stands in the store. */
  features: Record<string, Meta>;
}

export async function storeManifest(publisher: Publisher): Promise<StoreManifest> {
  return { format: 1, features: Object.fromEntries(await publishedMetas(publisher)) };
}

/** What is published, feature by feature: a look, and a GET for each on an object store. */
export async function publishedMetas(publisher: Publisher): Promise<Map<string, Meta>> {
  const { features } = await publisher.read();
  const metas = await Promise.all([...features].map(async ([name, { version }]) => {
    const meta = await publisher.metadata(name, version);
    if (meta === undefined) throw neverPublished(name, version);
    return [name, meta] as const;
  }));
  return new Map(metas);
}
