import type { Feature, Project } from "../../definitions/model.ts";
import { MlforgeError } from "../../error.ts";
import { hashOf } from "../../publish/hash.ts";
import type { Meta, MetaSource } from "../../publish/meta.ts";
import type { Publisher } from "../../publish/publisher.ts";
import type { Computable } from "../compute.ts";
import { configOf, differingParts } from "../config_hash.ts";
import type { SourcePlace } from "../find_files.ts";
import type { Fingerprints } from "../fingerprint.ts";
import { type ResolvedSource, resolveSource } from "../sources.ts";
import { withoutChecks } from "../tasks.ts";

export interface RecordedOptions extends SourcePlace {
  project: Project;
  fingerprints: Fingerprints;
  publisher: Publisher;
  /** What it is for, as errors say it. */
  to: "bring back" | "recompute";
}

/**
 * Each version's feature, ready to be computed again; or, where its definition or a source is another one by now, the
 * error that names both and says what to do.
 */
export async function asRecorded(
  metas: readonly Meta[],
  now: RecordedOptions,
): Promise<(Computable | MlforgeError)[]> {
  const features = new Map(now.project.features.map((feature) => [feature.name, feature]));
  const resolving = new Map<string, Promise<ResolvedSource>>();
  const resolved = (source: Feature["sources"][number]) => {
    const found = resolving.get(source.name) ?? resolveSource(source, now, now.fingerprints);
    resolving.set(source.name, found);
    return found;
  };
  return await Promise.all(metas.map(async (meta) => {
    try {
      const feature = features.get(meta.name);
      if (feature === undefined) throw noDefinition(meta, now);
      const config = await configOf(feature);
      if (config.hash !== meta.config_hash) throw await otherDefinition(meta, config, now);
      const sources = await Promise.all(feature.sources.map(resolved));
      const hash = await hashOf(sources.map((source) => [source.task.name, source.hash]));
      if (hash !== meta.source_hash) throw otherSource(meta, sources, now);
      // What is proved to be the published data passed the checks of its time.
      return { feature: withoutChecks(feature), config, sources, lookups: [] };
    } catch (error) {
      if (error instanceof MlforgeError) return error;
      throw error;
    }
  }));
}

function noDefinition({ name, version }: Meta, { to }: RecordedOptions): MlforgeError {
  return new MlforgeError(
    "failed",
    `Can't ${to} "${name}" ${version}: the definitions have no "${name}"`,
    {
      hint: `Take its data from a store that has it with --from PROFILE, or mlforge retire ${name}.`,
    },
  );
}

async function otherDefinition(
  { name, version, mlforge }: Meta,
  config: Awaited<ReturnType<typeof configOf>>,
  { publisher, to }: RecordedOptions,
): Promise<MlforgeError> {
  const what = differingParts(mlforge.config_parts, await config.parts()).join(", ");
  const same: string[] = [];
  for (const other of await publisher.versions(name)) {
    if ((await publisher.metadata(name, other))?.config_hash === config.hash) same.push(other);
  }
  const whose = same.length === 0
    ? "It is that of no version yet: mlforge build publishes it."
    : `It is that of ${same.join(", ")}.`;
  return new MlforgeError(
    "failed",
    `Can't ${to} "${name}" ${version}: its definition is another one now (${what})`,
    { hint: `${whose} For ${version}, check out the definitions it was built from, or use --from PROFILE.` },
  );
}

function otherSource(
  { name, version, mlforge }: Meta,
  now: readonly ResolvedSource[],
  { to }: RecordedOptions,
): MlforgeError {
  const current = new Map(now.map((source) => [source.task.name, source]));
  const differing = mlforge.sources.filter((source) => current.get(source.name)?.hash !== source.hash);
  const line = ({ name, path, hash }: MetaSource) =>
    `${name} (${path}) was ${short(hash)} and is ${short(current.get(name)?.hash ?? "gone")}`;
  const what = differing.length === 0 ? "its sources are others now" : differing.map(line).join("; ");
  return new MlforgeError("failed", `Can't ${to} "${name}" ${version}: source ${what}`, {
    hint: "Put the source back as it was, take the data from a store that has it with --from PROFILE, " +
      "or publish what the source gives now with mlforge build.",
  });
}

/** Enough of a hash to tell two apart. */
function short(hash: string): string {
  return hash.slice(0, 12);
}
