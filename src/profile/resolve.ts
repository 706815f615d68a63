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
  const asked = askedFor(request);
  const file = request.config === undefined
    ? await findConfig(request.cwd)
    : resolve(request.cwd, request.config);
  if (file === undefined) {
    if (asked === undefined) return { profiles: [] };
    throw new MlforgeError(
      "usage",
      `Profile "${asked.name}" is asked for by ${asked.from}, and there is no mlforge.yaml in "${request.cwd}" or above`,
      { hint: "Write one, name one by --config, or run mlforge init." },
    );
  }
  const { value, placeOf } = await readYaml(file);
  const shown = withoutSecrets(value, placeOf);
  const written = validate(fileSchema, value, shown, { what: "mlforge.yaml", unknownKey: refuseSecrets });
  const profiles = Object.keys(written.profiles);
  const { default_profile: usual } = written;
  if (usual !== undefined && !profiles.includes(usual)) {
    throw new MlforgeError("usage", `There is no profile "${usual}", which default_profile names`, {
      hint: suggestName(usual, profiles),
      place: shown(["default_profile"], "value"),
    });
  }
  const profile = asked ??
    (usual === undefined ? undefined : { name: usual, from: "default_profile" as const });
  if (profile === undefined) {
    throw new MlforgeError("usage", `No profile is chosen of those in "${file}"`, {
      hint: `Choose one by --profile, MLFORGE_PROFILE or default_profile: ${profiles.join(", ")}.`,
    });
  }
  if (!profiles.includes(profile.name)) {
    throw new MlforgeError(
      "usage",
      `There is no profile "${profile.name}", which ${profile.from} names, in "${file}"`,
      {
        hint: suggestName(profile.name, profiles),
      },
    );
  }
  const folder = dirname(file);
  const at = ["profiles", profile.name, "offline_store"];
  const store = readStore({
    value: written.profiles[profile.name]!.offline_store,
    placeOf: (path, part) => shown([...at, ...path], part),
    folder,
    what: `profile "${profile.name}"`,
  }, request.env);
  return {
    file,
    profile,
    store,
    ...(written.definitions === undefined ? {} : { definitions: resolve(folder, written.definitions) }),
    profiles,
  };
}

function askedFor(
  { profile, env }: ResolveRequest,
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
