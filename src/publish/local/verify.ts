import { ifThere, readTextIfThere } from "../../stores/files.ts";
import { parseMetaOf, parsePointer, VERSION } from "../read_meta.ts";
import { contradictions, type Finding, findingOf, type Verified, type VerifiedVersion } from "../verify.ts";
import { begin } from "./batch.ts";
import { dataState } from "./data.ts";
import { readJournal } from "./journal.ts";
import { isFeatureName, type Layout } from "./layout.ts";
import { deadBatches } from "../owner.ts";
import { GITIGNORE } from "./rolling_forward.ts";

/** Files that mlforge, or git, keeps in a feature's folder and in a version's. */
const OF_FEATURE = [".gitignore", "_latest.json"];
const OF_VERSION = [".meta.json", "data.parquet"];

const FROM_GIT = "Restore it from git; or delete it, and mlforge rollback FEATURE VERSION publishes one.";

/** Looks at everything that is in a local store, whatever is broken. */
export async function verify(layout: Layout, { thorough }: { thorough: boolean }): Promise<Verified> {
  const findings: Finding[] = await verifyOwn(layout);
  const versions: VerifiedVersion[] = [];
  for (const { name, isDirectory } of await entriesOf(layout.root)) {
    if (!isDirectory || !isFeatureName(name)) continue;
    const found = await verifyFeature(layout, name, thorough);
    findings.push(...found.findings);
    versions.push(...found.versions);
  }
  return { findings, versions };
}

/** Mends what `verify` calls mendable: by the next batch's way of beginning, and by what git needs to see no data. */
export async function mend(layout: Layout, findings: readonly Finding[]): Promise<void> {
  const batch = await begin(layout, { tool: "mlforge", command: "mlforge verify --repair" }, {});
  await batch.close();
  for (const { where, mendable, kind } of findings) {
    if (!mendable || where.startsWith("_mlforge/")) continue;
    if (where.endsWith("/.gitignore")) await Deno.writeTextFile(`${layout.root}/${where}`, GITIGNORE);
    // Only an empty folder can be removed like this.
    else if (kind === "leftover") await Deno.remove(`${layout.root}/${where}`).catch(() => {});
  }
}

/** The journal, and what dead runs left. */
async function verifyOwn(layout: Layout): Promise<Finding[]> {
  const findings: Finding[] = [];
  try {
    const { journal } = await readJournal(layout);
    if (journal?.state === "pending") {
      findings.push({
        kind: "unfinished",
        where: "_mlforge/journal.json",
        what: `"${journal.command}" was interrupted after its commit`,
        hint: "The next build completes it, or drops it where git moved the files since.",
        mendable: true,
      });
    }
  } catch (error) {
    findings.push(findingOf(error, "_mlforge/journal.json"));
  }
  for (const name of await ifThere(deadBatches(layout.transactions)) ?? []) {
    findings.push({
      kind: "leftover",
      where: `_mlforge/tx/${name}`,
      what: "a build that died left its files",
      hint: "The next build removes them.",
      mendable: true,
    });
  }
  return findings;
}

async function verifyFeature(layout: Layout, feature: string, thorough: boolean): Promise<Verified> {
  const findings: Finding[] = [];
  const versions: VerifiedVersion[] = [];
  const add = (kind: Finding["kind"], where: string, what: string, hint: string, mendable = false) =>
    findings.push({ kind, where: `${feature}${where}`, what, hint, mendable });
  const entries = await entriesOf(layout.featureFolder(feature));
  let published: string | null = null;
  try {
    const text = await readTextIfThere(layout.pointer(feature));
    published = text === undefined ? null : parsePointer(text, `${feature}/_latest.json`).version;
  } catch (error) {
    findings.push(findingOf(error, `${feature}/_latest.json`));
  }
  for (const { name, isDirectory } of entries) {
    if (isDirectory && VERSION.test(name)) {
      const found = await verifyVersion(layout, feature, name, { published, thorough });
      findings.push(...found.findings);
      versions.push(...found.versions);
    } else if (isDirectory || !OF_FEATURE.includes(name)) {
      add("leftover", `/${name}`, "nothing of mlforge's", "Remove it, if nobody needs it.");
    }
  }
  const broken = findings.some(({ where }) => where === `${feature}/${published}/.meta.json`);
  if (published !== null && !broken && !versions.some(({ version }) => version === published)) {
    add("damage", "/_latest.json", `it names version ${published}, which has no metadata`, FROM_GIT);
  }
  if (versions.length > 0 && !entries.some(({ name }) => name === ".gitignore")) {
    add("damage", "/.gitignore", "it is missing, and git would take the data", "--repair writes it.", true);
  }
  return { findings, versions };
}

async function verifyVersion(
  layout: Layout,
  feature: string,
  version: string,
  { published, thorough }: { published: string | null; thorough: boolean },
): Promise<Verified> {
  const findings: Finding[] = [];
  const folder = `${feature}/${version}`;
  const add = (kind: Finding["kind"], file: string, what: string, hint: string, mendable = false) =>
    findings.push({ kind, where: `${folder}${file}`, what, hint, mendable });
  const entries = await entriesOf(layout.versionFolder(feature, version));
  for (const { name } of entries.filter(({ name }) => !OF_VERSION.includes(name))) {
    add("leftover", `/${name}`, "nothing of mlforge's", "Remove it, if nobody needs it.");
  }
  const text = await readTextIfThere(layout.meta(feature, version));
  if (text === undefined) {
    if (entries.length === 0) add("leftover", "", "an empty folder", "--repair removes it.", true);
    else if (entries.some(({ name }) => name === "data.parquet")) {
      add(
        "leftover",
        "/data.parquet",
        "data without metadata: another branch's, or a dead build's",
        "mlforge gc removes it.",
      );
    }
    return { findings, versions: [] };
  }
  let meta;
  try {
    meta = parseMetaOf(feature, version, text, `${folder}/.meta.json`);
  } catch (error) {
    return { findings: [...findings, findingOf(error, `${folder}/.meta.json`)], versions: [] };
  }
  for (const what of await contradictions(meta)) {
    add("damage", "/.meta.json", what, "Metadata never changes: restore it from git.");
  }
  const data = { feature, version, contentHash: meta.content_hash };
  const state = await dataState(layout, data, thorough);
  if (state === "other") {
    const isPublished = version === published ? "" : ` --version ${version}`;
    add(
      "damage",
      "/data.parquet",
      "it is not what its metadata names: changed by hand, cut short, or another branch's",
      `mlforge sync --features ${feature}${isPublished} puts it right.`,
    );
  }
  return { findings, versions: [{ feature, version, published: version === published, meta, state }] };
}

async function entriesOf(folder: string): Promise<Deno.DirEntry[]> {
  const entries = await ifThere(Array.fromAsync(Deno.readDir(folder))) ?? [];
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}
