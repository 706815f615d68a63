import { join } from "../path.ts";
import { readFooter } from "../engines/duckdb/footer.ts";
import { lazily } from "../lazy.ts";
import { openPublisher } from "../publish/open.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { Finding, VerifiedVersion } from "../publish/verify.ts";
import type { StoreConfig } from "../stores/config.ts";
import { VERSION } from "../version.ts";

export interface VerifyRequest {
  store: StoreConfig;
  /** Reads every byte of all data, and the footers of the Parquet files. */
  deep: boolean;
  /** Mends what can be mended without losing anything. */
  repair: boolean;
  /** Takes pointers that something else moved as what is published. */
  adopt: boolean;
  command: string;
}

export interface VerifyReport {
  /** What is (still) not as it should be. */
  findings: Finding[];
  /** What was found, and is right now. */
  mended: Finding[];
  features: number;
  versions: number;
  /** Of those, how many versions' data is here. */
  here: number;
}

/** `mlforge verify`: all that is in the store, held against what it says of itself. */
export async function verify(request: VerifyRequest): Promise<VerifyReport> {
  const { deep, repair, adopt } = request;
  const publisher = await openPublisher(request.store);
  const first = await look(publisher, deep);
  if (!adopt && !(repair && first.findings.some(({ mendable }) => mendable))) {
    return { ...first, mended: [] };
  }
  const who = { tool: `mlforge ${VERSION}`, command: request.command };
  await publisher.mend(repair ? first.findings : [], who, { adopt });
  const second = await look(publisher, deep);
  const still = new Set(second.findings.map(identity));
  return { ...second, mended: first.findings.filter((finding) => !still.has(identity(finding))) };
}

async function look(publisher: Publisher, deep: boolean): Promise<Omit<VerifyReport, "mended">> {
  const { findings, versions } = await publisher.verify({ thorough: deep });
  const wrong = deep ? await wrongFooters(publisher, versions) : [];
  return {
    findings: [...findings, ...wrong],
    features: new Set(versions.map(({ feature }) => feature)).size,
    versions: versions.length,
    here: versions.filter(({ state }) => state === "here").length,
  };
}

function identity({ where, what }: Finding): string {
  return `${where}\n${what}`;
}

/** Files that are no Parquet, or hold other columns or another number of rows than their metadata says. */
async function wrongFooters(publisher: Publisher, versions: readonly VerifiedVersion[]): Promise<Finding[]> {
  const folder = await Deno.makeTempDir({ prefix: "mlforge-" });
  const findings: Finding[] = [];
  try {
    for (const { feature, version, meta, state } of versions) {
      if (state !== "here") continue;
      const file = await fileOf(publisher, feature, version, folder);
      if (file === undefined) continue;
      const footer = await readFooter(file).catch((error: Error) => error);
      const what = footer instanceof Error
        ? "its footer can't be read: it is no whole Parquet file"
        : footer.rows !== meta.row_count
        ? `it has ${footer.rows} rows, and its metadata says ${meta.row_count}`
        : JSON.stringify(footer.columns) !==
            JSON.stringify(meta.columns.map(({ name, dtype }) => ({ name, dtype })))
        ? "its columns are not those of its metadata"
        : undefined;
      if (what === undefined) continue;
      const hint = "It was published like this: build the feature again with --force.";
      findings.push({
        kind: "damage",
        where: `${feature}/${version}/data.parquet`,
        what,
        hint,
        mendable: false,
      });
    }
    return findings;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Of a bucket a copy that lives for this look: the cache is of what was right once. */
async function fileOf(
  publisher: Publisher,
  feature: string,
  version: string,
  folder: string,
): Promise<string | undefined> {
  const { save } = await lazily<typeof import("../publish/save.ts")>("../publish/save.ts", import.meta.url);
  const opened = await publisher.openData(feature, version);
  if (opened === undefined) return undefined;
  const path = join(folder, "data.parquet");
  await Deno.remove(path).catch(() => {});
  await save(opened.body, path);
  return path;
}
