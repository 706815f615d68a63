import { dirname, resolve } from "../path.ts";
import type { Project } from "../definitions/model.ts";
import { MlforgeError } from "../error.ts";
import { lazily } from "../lazy.ts";
import { suggestName } from "../nearest.ts";
import type { DataState, Publisher, Snapshot } from "../publish/publisher.ts";
import { resolveConfig, type ResolvedConfig, type ResolveRequest } from "../profile/resolve.ts";
import { openPublisher } from "../publish/open.ts";
import { addressOf, type StoreConfig } from "../stores/config.ts";
import type { CliContext } from "./context.ts";
import type { ProjectFlags } from "./flags.ts";
import { shortPath } from "./short_path.ts";

const loader = () =>
  lazily<typeof import("../definitions/load.ts")>("../definitions/load.ts", import.meta.url);

/** Where a command works: the profile in use, and ways to its store and definitions, each looked up when asked for. */
export interface Workplace {
  config: ResolvedConfig;
  /** The definitions; an error where there are none. Read once. */
  project(): Promise<Project>;
  /** The definitions, or undefined where there are none. */
  projectIfAny(): Promise<Project | undefined>;
  /**
   * The profile's store, or, where no profile is in use, the one in the definitions: only then are they loaded, as
   * those in TypeScript take 100 ms to load.
   */
  store(): Promise<StoreConfig>;
  publisher(): Promise<Publisher>;
}

/** What typed flags and the environment say of the profile. */
export function configRequest(context: CliContext, { config, profile }: ProjectFlags): ResolveRequest {
  return {
    cwd: context.cwd,
    env: context.env,
    ...(config === undefined ? {} : { config }),
    ...(profile === undefined ? {} : { profile }),
  };
}

/** `target` is a definitions file, or a folder with one, as typed; it wins over mlforge.yaml's `definitions`. */
export async function workplace(
  context: CliContext,
  flags: ProjectFlags,
  target?: string,
): Promise<Workplace> {
  const config = await resolveConfig(configRequest(context, flags));
  let loading: Promise<Project | undefined> | undefined;
  const projectIfAny = () =>
    loading ??= findProjectFile(context, config, target).then(async (file) => {
      if (file === undefined) return undefined;
      const { loadProject } = await loader();
      return await loadProject(file, { env: context.env });
    });
  const store = async () => {
    const found = config.store ?? (await projectIfAny())?.store;
    if (found !== undefined) return found;
    throw new MlforgeError("usage", "There is no store to work on", {
      hint: config.file === undefined
        ? "Write an mlforge.yaml with a profile, or a store in the definitions; mlforge init makes both."
        : "Choose one with --profile, or name a default_profile in mlforge.yaml.",
    });
  };
  return {
    config,
    projectIfAny,
    async project() {
      const project = await projectIfAny();
      if (project !== undefined) return project;
      throw new MlforgeError("usage", `There are no definitions in "${searched(context, config)}"`, {
        hint:
          "Write a definitions.ts or definitions.yaml there, name another file, or start with mlforge init.",
      });
    },
    store,
    publisher: async () => await openPublisher(await store()),
  };
}

/** The store of another profile than the one in use. */
export async function storeOf(
  context: CliContext,
  flags: ProjectFlags,
  profile: string,
): Promise<StoreConfig> {
  return await (await workplace(context, { ...flags, profile })).store();
}

function searched(context: CliContext, config: ResolvedConfig): string {
  return config.file === undefined ? context.cwd : shortPath(dirname(config.file), context.cwd);
}

async function findProjectFile(
  context: CliContext,
  config: ResolvedConfig,
  target: string | undefined,
): Promise<string | undefined> {
  const { findDefinitions } = await loader();
  if (target === undefined) {
    return config.definitions ?? await findDefinitions(config.file ? dirname(config.file) : context.cwd);
  }
  const path = resolve(context.cwd, target);
  const info = await Deno.stat(path).catch((cause) => {
    throw new MlforgeError("usage", `There is no file or folder "${target}"`, {
      hint: "TARGET is a definitions file or a folder with one; features are chosen by --features.",
      cause,
    });
  });
  if (info.isFile) return path;
  const found = await findDefinitions(path);
  if (found !== undefined) return found;
  throw new MlforgeError("usage", `There are no definitions in "${target}"`, {
    hint: "Definitions are a definitions.ts, definitions.js or definitions.yaml.",
  });
}

/** The store in a person's words. */
export function describeStore(store: StoreConfig, cwd: string): string {
  return store.kind === "local" ? shortPath(store.path, cwd) : addressOf(store);
}

/** A store's settings, each called as it is written in mlforge.yaml; the first is its kind. */
export function settingsOf({ kind, ...settings }: StoreConfig): [key: string, value: string | boolean][] {
  const written = Object.entries(settings).map(([key, value]): [string, string | boolean] => [
    key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value,
  ]);
  return [["kind", kind], ...written];
}

/** Whether a version's data is here, in a word or two. */
export const DATA_STATES: Readonly<Record<DataState, string>> = {
  here: "here",
  absent: "not here",
  other: "changed",
};

/** The version that `name` or `name@1.2.0` means; unknown ones are errors with the nearest right name. */
export async function findVersion(
  { name, version }: { name: string; version?: string },
  publisher: Publisher,
  snapshot: Snapshot,
): Promise<string> {
  const published = snapshot.features.get(name);
  if (version === undefined) {
    if (published !== undefined) return published.version;
    throw new MlforgeError("usage", `There is no published feature "${name}"`, {
      hint: snapshot.features.size === 0
        ? "Nothing is published yet: run mlforge build."
        : suggestName(name, snapshot.features.keys()),
    });
  }
  if (await publisher.metadata(name, version) !== undefined) return version;
  const versions = await publisher.versions(name);
  throw new MlforgeError("usage", `There is no version ${version} of "${name}"`, {
    hint: versions.length > 0
      ? `There are: ${versions.join(", ")}.`
      : suggestName(name, snapshot.features.keys()),
  });
}

/** Metadata of a version that is there; its absence is an error. */
export async function metadataOf(publisher: Publisher, name: string, version: string) {
  const meta = await publisher.metadata(name, version);
  if (meta !== undefined) return meta;
  throw new MlforgeError("failed", `The metadata of "${name}" ${version} is missing in the store`, {
    hint: "Restore it from git, or build the feature again.",
  });
}
