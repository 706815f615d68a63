import { MlforgeError } from "../../error.ts";
import { parseMetaOf, parsePointer, type Pointer } from "../read_meta.ts";
import type { Meta } from "../meta.ts";
import type { Published } from "../publisher.ts";
import { compareVersions } from "../version.ts";
import { contradictions, type Finding, findingOf, type Verified, type VerifiedVersion } from "../verify.ts";
import { dataState } from "./download.ts";
import { type Context, readText } from "./exchange.ts";
import { inParallel } from "../../in_parallel.ts";
import { dataKey, MANIFEST_KEY, metadataKey, parsePointerKey, parseVersionKey, pointerKey } from "./keys.ts";
import { type Manifest, parseManifest } from "./manifest.ts";

/** What a listing shows of one version. */
interface Listed {
  feature: string;
  version: string;
  meta: boolean;
  /** In bytes. */
  data?: number;
}

/**
 * Looks at everything that is in an object store, whatever is broken (but throws where the store can't be read): one GET of M, one listing, and for each published
 * feature its pointer, its metadata and a HEAD of its data (3N + 2); `thorough`, metadata and all bytes of every version.
 */
export async function verify(context: Context, { thorough }: { thorough: boolean }): Promise<Verified> {
  const findings: Finding[] = [];
  const found = await readText(context.store, MANIFEST_KEY);
  if (found === undefined) return { findings: await withoutManifest(context), versions: [] };
  let manifest: Manifest;
  try {
    manifest = parseManifest(found.text);
  } catch (error) {
    return { findings: [findingOf(error, MANIFEST_KEY)], versions: [] };
  }
  if (manifest.pending.length > 0) {
    const names = [...new Set(manifest.pending.map(({ feature }) => feature))].sort().join(", ");
    findings.push({
      kind: "unfinished",
      where: MANIFEST_KEY,
      what: `a commit of ${names} is not all in place yet`,
      hint: "The next build completes it.",
      mendable: true,
    });
  }
  // After M: what was committed by then is listed, or pending.
  const { listed, foreign } = await list(context);
  for (const key of foreign) {
    findings.push({
      kind: "leftover",
      where: key,
      what: "nothing of mlforge's",
      hint: "Remove it, if nobody needs it.",
      mendable: false,
    });
  }
  const pending = new Set(manifest.pending.map(({ feature, version }) => `${feature}@${version}`));
  findings.push(...leftovers(manifest, listed, pending));
  const versions: VerifiedVersion[] = [];
  const all = [...listed.values()].filter(({ feature, version, meta }) =>
    meta && (thorough || manifest.features.get(feature)?.version === version)
  );
  await inParallel(all, async (one) => {
    const found = await verifyVersion(context, manifest.features.get(one.feature), one, thorough);
    findings.push(...found.findings);
    versions.push(...found.versions);
  });
  await inParallel([...manifest.features, ...manifest.retired], async ([feature, current]) => {
    const retired = manifest.retired.has(feature);
    const name = `${feature}@${retired ? null : current.version}`;
    if (pending.has(name)) return;
    findings.push(...await verifyPointer(context, feature, current, { retired, manifest }));
    if (!retired && listed.get(name)?.meta !== true) {
      findings.push({
        kind: "damage",
        where: metadataKey(feature, current.version),
        what: "it is missing, though this version is published",
        hint: "--repair writes it again, out of the commit's record.",
        mendable: true,
      });
    }
  });
  const byPlace = (a: { where: string }, b: { where: string }) => (a.where < b.where ? -1 : 1);
  const byName = (a: VerifiedVersion, b: VerifiedVersion) =>
    `${a.feature}@${a.version}` < `${b.feature}@${b.version}` ? -1 : 1;
  return { findings: findings.sort(byPlace), versions: versions.sort(byName) };
}

async function list(context: Context): Promise<{ listed: Map<string, Listed>; foreign: string[] }> {
  const listed = new Map<string, Listed>();
  const foreign: string[] = [];
  for await (const { key, size } of context.store.list("")) {
    const found = parseVersionKey(key);
    if (found === undefined) {
      if (!key.startsWith("_mlforge/") && parsePointerKey(key) === undefined) foreign.push(key);
      continue;
    }
    const { feature, version, file } = found;
    const name = `${feature}@${version}`;
    const one = listed.get(name) ?? { feature, version, meta: false };
    listed.set(name, file === ".meta.json" ? { ...one, meta: true } : { ...one, data: size });
  }
  return { listed, foreign };
}

/** Data that no commit names, and metadata whose data is gone. */
function leftovers(
  manifest: Manifest,
  listed: ReadonlyMap<string, Listed>,
  pending: ReadonlySet<string>,
): Finding[] {
  return [...listed].flatMap(([name, { feature, version, meta, data }]): Finding[] => {
    const floor = manifest.floor.get(feature);
    const published = manifest.features.get(feature)?.version === version;
    if (meta && !published && floor !== undefined && compareVersions(version, floor) <= 0) {
      const hint = "The next mlforge gc goes on with it.";
      const where = metadataKey(feature, version);
      return [{ kind: "unfinished", where, what: "a collector began to delete it", hint, mendable: false }];
    }
    if (!meta && !published && !pending.has(name)) {
      const hint = "mlforge gc removes it, unless its build is still running.";
      const where = dataKey(feature, version);
      return [{ kind: "leftover", where, what: "data that no commit names", hint, mendable: false }];
    }
    if (data !== undefined) return [];
    const newer = published ? "" : ` --version ${version}`;
    return [{
      kind: "damage",
      where: dataKey(feature, version),
      what: "it is missing, though its metadata is there",
      hint:
        `mlforge sync --features ${feature}${newer} puts it back, where definition and source are as recorded.`,
      mendable: false,
    }];
  });
}

async function verifyVersion(
  context: Context,
  published: Published | undefined,
  { feature, version, data: size }: Listed,
  thorough: boolean,
): Promise<Verified> {
  const key = metadataKey(feature, version);
  const isPublished = published?.version === version;
  const findings: Finding[] = [];
  const add = (where: string, what: string, hint: string) =>
    findings.push({ kind: "damage", where, what, hint, mendable: false });
  const text = await readText(context.store, key);
  // Deleted since it was listed: a collector's work.
  if (text === undefined) return { findings, versions: [] };
  let meta: Meta;
  try {
    meta = parseMetaOf(feature, version, text.text, key);
  } catch (error) {
    return { findings: [findingOf(error, key)], versions: [] };
  }
  const restored = "Metadata never changes: restore the object's first version.";
  for (const what of await contradictions(meta)) add(key, what, restored);
  const hashes = ["content_hash", "config_hash", "schema_hash", "source_hash"] as const;
  const other = isPublished ? hashes.find((name) => published[name] !== meta[name]) : undefined;
  if (other !== undefined) add(key, `its ${other} is not the one that was committed`, restored);
  if (size === undefined) return { findings, versions: [] };
  const state = await dataState(context, { feature, version, contentHash: meta.content_hash }, thorough);
  const short = meta.mlforge.bytes > 0 && size !== meta.mlforge.bytes;
  if (state === "other" || short) {
    const what = short
      ? `it has ${size} bytes, not ${meta.mlforge.bytes}`
      : "its bytes are not those published";
    const hint = "Delete the object, then mlforge sync puts it back; or build a new version with --force.";
    add(dataKey(feature, version), what, hint);
  }
  return {
    findings,
    versions: [{ feature, version, published: isPublished, meta, state: short ? "other" : state }],
  };
}

async function verifyPointer(
  context: Context,
  feature: string,
  { seq, version }: Published,
  { retired, manifest }: { retired: boolean; manifest: Manifest },
): Promise<Finding[]> {
  const where = pointerKey(feature);
  const expected = retired ? null : version;
  const finding = (what: string, hint: string, mendable: boolean): Finding[] => [
    { kind: "damage", where, what, hint, mendable },
  ];
  const rewrites = "--repair writes it again.";
  const text = await readText(context.store, where);
  if (text === undefined) return finding(`it is missing; ${expected} is published`, rewrites, true);
  let pointer: Pointer;
  try {
    pointer = parsePointer(text.text, where);
  } catch (error) {
    if (!(error instanceof MlforgeError)) throw error;
    return finding(error.message, "Delete it; then --repair writes it again.", false);
  }
  if (pointer.seq === undefined && text.token !== manifest.pointers.get(feature)) {
    return finding(
      `something else than mlforge's commits moved it to ${pointer.version}; ${
        expected ?? "nothing"
      } is published`,
      `--adopt takes ${pointer.version} as published; deleting the pointer, then --repair, keeps ${expected}.`,
      false,
    );
  }
  const behind = (pointer.seq ?? seq) < seq || pointer.version !== expected;
  // Ahead of our M: somebody committed since we read it.
  return behind && (pointer.seq ?? 0) <= seq
    ? finding(`it names ${pointer.version}; ${expected ?? "nothing"} is published`, rewrites, true)
    : [];
}

/** Nothing to hold pointers against: another tool's store, or one whose register is lost. */
async function withoutManifest(context: Context): Promise<Finding[]> {
  const { listed } = await list(context);
  if (listed.size === 0) return [];
  return [{
    kind: "unfinished",
    where: MANIFEST_KEY,
    what: "there is none: pointers alone say what is published",
    hint: "The next build takes them over.",
    mendable: false,
  }];
}
