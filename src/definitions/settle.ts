import { resolve } from "node:path";
import type { StoreConfig } from "../stores/config.ts";
import type { Project } from "./model.ts";
import type { RawDefinitions } from "./raw.ts";

/** Resolves what depends on where and with which environment mlforge runs: paths of sources, and the store. */
// deno-lint-ignore require-await
export async function settle(
  project: Project,
  raw: RawDefinitions,
  _env: (name: string) => string | undefined,
): Promise<Project> {
  const store = (raw.value as { offline_store?: { KIND: string; path: string } }).offline_store;
  if (store === undefined || store.KIND !== "local") return project;
  const config: StoreConfig = { kind: "local", path: resolve(project.root, store.path) };
  return { ...project, store: config };
}
