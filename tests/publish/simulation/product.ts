import { pathToFileURL } from "node:url";
import type { collect } from "../../../src/publish/object_store/collect.ts";
import type { look } from "../../../src/publish/object_store/look.ts";
import type { publish } from "../../../src/publish/object_store/publish.ts";
import type { readMetadata, readSnapshot, readVersions } from "../../../src/publish/object_store/read.ts";
import type { move } from "../../../src/publish/object_store/move.ts";
import type { stage } from "../../../src/publish/object_store/stage.ts";
import type { start } from "../../../src/publish/object_store/start.ts";

/** The code under test: mlforge's own, or a copy with one fault in it. */
export interface Product {
  look: typeof look;
  start: typeof start;
  stage: typeof stage;
  publish: typeof publish;
  collect: typeof collect;
  move: typeof move;
  readSnapshot: typeof readSnapshot;
  readMetadata: typeof readMetadata;
  readVersions: typeof readVersions;
}

export const REPOSITORY = new URL("../../../", import.meta.url);

/** Loads the protocol from a repository's root, or from the folder of a copy. */
export async function loadProduct(root: string | URL = REPOSITORY): Promise<Product> {
  const base = typeof root === "string" ? pathToFileURL(`${root}/`) : root;
  const names = ["collect", "look", "publish", "read", "move", "stage", "start"];
  const modules = await Promise.all(
    names.map((name) => import(new URL(`src/publish/object_store/${name}.ts`, base).href)),
  );
  return Object.assign({}, ...modules) as Product;
}
