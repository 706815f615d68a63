import { dirname, join, resolve } from "../path.ts";
import { MlforgeError } from "../error.ts";
import { suggestName } from "../nearest.ts";
import type { StoreConfig } from "../stores/config.ts";
import { readYaml } from "../yaml/read.ts";
import { validate } from "../yaml/shape.ts";
import type { Environment } from "./interpolate.ts";
import { fileSchema } from "./schema.ts";
import { refuseSecrets, withoutSecrets } from "./secrets.ts";
import { readStore } from "./store.ts";

/** The profile in use, with all variables filled in. Without an mlforge.yaml there is none of it. */
export interface ResolvedConfig {
  /** Absolute path of mlforge.yaml. */
  file?: string;
  profile?: { name: string; from: "--profile" | "MLFORGE_PROFILE" | "default_profile" };
  store?: StoreConfig;
  /** How many versions of each feature are kept, where the profile says so. */
  keep?: number;
  /** Absolute path of the definitions, where the file names them. */
  definitions?: string;
  /** Names of all profiles, as they stand in the file. */
  profiles: string[];
}

export interface ResolveRequest {
  /** The working folder: mlforge.yaml is looked for there, then upwards. */
  cwd: string;
  /** What `--config` names, relative to the working folder. */
  config?: string;
  /** What `--profile` names. */
  profile?: string;
  env: Environment;
}

/**
 * Finds mlforge.yaml and resolves the profile in use: `--profile`, else MLFORGE_PROFILE, else `default_profile`. All profiles
 * are checked by shape; variables are filled in for the one in use only. Errors have code `usage`, with their place.
 */
export async function resolveConfig(request: ResolveRequest): Promise<ResolvedConfig> {
  const found = await findProfiles(request);
  if (found === undefined) return { profiles: [] };
  const profile = chooseProfile(found, request);
  const { file, names: profiles, definitions } = found;
  const store = found.storeOf(profile.name, request.env);
  const keep = found.keepOf(profile.name);
  return {
    file,
    profile,
    store,
    ...(keep === undefined ? {} : { keep }),
    ...(definitions === undefined ? {} : { definitions }),
    profiles,
  };
}

/** An mlforge.yaml, checked by shape. */
export interface Profiles extends Pick<ResolvedConfig, "definitions"> {
  file: string;
  /** As they stand in the file. */
  names: string[];
  /** What `default_profile` names. */
  usual?: string;
  /** The store of one of `names`, with its variables filled in. */
  storeOf(name: string, env: Environment): StoreConfig;
  /** How many versions one of `names` keeps, where it says so. */
  keepOf(name: string): number | undefined;
}

/** Reads the mlforge.yaml of a working folder; undefined where there is none, and no profile is asked for. */
export async function findProfiles(request: ResolveRequest): Promise<Profiles | undefined> {
  const file = request.config === undefined
    ? await findConfig(request.cwd)
    : resolve(request.cwd, request.config);
  if (file !== undefined) return await readProfiles(file);
  const asked = askedFor(request);
  if (asked === undefined) return undefined;
  throw new MlforgeError(
    "usage",
    `Profile "${asked.name}" is asked for by ${asked.from}, and there is no mlforge.yaml in "${request.cwd}" or above`,
    { hint: "Write one, name one by --config, or run mlforge init." },
  );
}

/** Reads an mlforge.yaml by its absolute path. */
export async function readProfiles(file: string): Promise<Profiles> {
  const { value, placeOf } = await readYaml(file);
  const shown = withoutSecrets(value, placeOf);
  const written = validate(fileSchema, value, shown, { what: "mlforge.yaml", unknownKey: refuseSecrets });
  const names = Object.keys(written.profiles);
  const { default_profile: usual, definitions } = written;
  if (usual !== undefined && !names.includes(usual)) {
    throw new MlforgeError("usage", `There is no profile "${usual}", which default_profile names`, {
      hint: suggestName(usual, names),
      place: shown(["default_profile"], "value"),
    });
  }
  const folder = dirname(file);
  return {
    file,
    names,
    ...(usual === undefined ? {} : { usual }),
    ...(definitions === undefined ? {} : { definitions: resolve(folder, definitions) }),
    keepOf: (name) => written.profiles[name]?.keep,
    storeOf: (name, env) =>
      readStore({
        value: written.profiles[name]!.offline_store,
        placeOf: (path, part) => shown(["profiles", name, "offline_store", ...path], part),
        folder,
        what: `profile "${name}"`,
      }, env),
  };
}

/** The profile in use, and what chose it; an error where none is chosen, or one that is not there. */
export function chooseProfile(
  { file, names, usual }: Profiles,
  request: Pick<ResolveRequest, "profile" | "env">,
): NonNullable<ResolvedConfig["profile"]> {
  const profile = askedFor(request) ??
    (usual === undefined ? undefined : { name: usual, from: "default_profile" as const });
  if (profile === undefined) {
    throw new MlforgeError("usage", `No profile is chosen of those in "${file}"`, {
      hint: `Choose one by --profile, MLFORGE_PROFILE or default_profile: ${names.join(", ")}.`,
    });
  }
  if (names.includes(profile.name)) return profile;
  throw new MlforgeError(
    "usage",
    `There is no profile "${profile.name}", which ${profile.from} names, in "${file}"`,
    { hint: suggestName(profile.name, names) },
  );
}

function askedFor(
  { profile, env }: Pick<ResolveRequest, "profile" | "env">,
): { name: string; from: "--profile" | "MLFORGE_PROFILE" } | undefined {
  if (profile !== undefined) return { name: profile, from: "--profile" };
  // Set to nothing is how shells and CI say that it is not set.
  const name = env("MLFORGE_PROFILE");
  return name ? { name, from: "MLFORGE_PROFILE" } : undefined;
}

/** The nearest mlforge.yaml, in a folder or above it. */
async function findConfig(cwd: string): Promise<string | undefined> {
  for (let folder = resolve(cwd);;) {
    const file = join(folder, "mlforge.yaml");
    if (await Deno.stat(file).then((found) => found.isFile, () => false)) return file;
    const above = dirname(folder);
    if (above === folder) return undefined;
    folder = above;
  }
}
