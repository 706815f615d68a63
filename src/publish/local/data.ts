import { dirname } from "../../path.ts";
import { hashFile, ifThere, readTextIfThere } from "../../stores/files.ts";
import { stableJson } from "../meta.ts";
import type { DataState, OpenedData, VersionData } from "../publisher.ts";
import { committedFiles, isFile } from "./journal.ts";
import type { Layout } from "./layout.ts";
import { readMetadata, readVersions } from "./reading.ts";

/** A version's data file, where it is here and is what the metadata names. */
export async function findData(
  layout: Layout,
  feature: string,
  version: string,
): Promise<string | undefined> {
  const meta = await readMetadata(layout, feature, version);
  if (meta === undefined) return undefined;
  const data = { feature, version, contentHash: meta.content_hash };
  const inPlace = async () =>
    await stateInPlace(layout, data, false) === "here" ? layout.data(feature, version) : undefined;
  return await inPlace() ?? await stillStaged(layout, data) ?? await inPlace();
}

/** The bytes of what `findData` finds. */
export async function openData(
  layout: Layout,
  feature: string,
  version: string,
): Promise<OpenedData | undefined> {
  const path = await findData(layout, feature, version);
  const file = path === undefined ? undefined : await ifThere(Deno.open(path));
  return file === undefined ? undefined : { size: (await file.stat()).size, body: file.readable };
}

/** Whether a version's data is here, as published; `thorough` reads every byte of it. */
export async function dataState(layout: Layout, data: VersionData, thorough: boolean): Promise<DataState> {
  const state = await stateInPlace(layout, data, thorough);
  if (state === "here" || await stillStaged(layout, data) === undefined) return state;
  return "here";
}

export async function versionStates(layout: Layout, feature: string): Promise<Map<string, DataState>> {
  const states = (await readVersions(layout, feature)).map(async (version) => {
    const contentHash = (await readMetadata(layout, feature, version))?.content_hash ?? "";
    return [version, await dataState(layout, { feature, version, contentHash }, false)] as const;
  });
  return new Map(await Promise.all(states));
}

async function stillStaged(
  layout: Layout,
  { feature, version }: VersionData,
): Promise<string | undefined> {
  const committed = await committedFiles(layout, feature, version);
  return committed !== undefined && await isFile(committed.staged) ? committed.staged : undefined;
}

/** A data file that was looked at: what it is counted as, and how to tell that it is still that very file. */
interface Seal {
  /** Of the version that it is the data of. */
  content_hash: string;
  /** Of the file, where another engine wrote the same rows in other bytes. */
  file_hash?: string;
  inode: number | null;
  mtime: string | undefined;
  size: number;
}

/**
 * git moves metadata but not data: after a change of branches a data file may belong to another branch's version of
 * the same number. So its hash is compared, by way of the seal where the file is as it was then.
 */
async function stateInPlace(layout: Layout, data: VersionData, thorough: boolean): Promise<DataState> {
  const { feature, version, contentHash } = data;
  const path = layout.data(feature, version);
  const info = await ifThere(Deno.stat(path));
  if (info?.isFile !== true) return "absent";
  // The Python mlforge's hash may be cut short, or absent: there is nothing to compare.
  if (!/^[0-9a-f]{64}$/.test(contentHash)) return "here";
  const kept = await readTextIfThere(layout.seal(feature, version));
  const proved = fileHashOf(kept, contentHash);
  if (!thorough && kept === stableJson(sealOf(info, contentHash, proved))) return "here";
  const actual = await hashFile(path);
  if (actual !== contentHash && actual !== proved) return "other";
  // Only to be quicker the next time: a store that can't be written is read all the same.
  await keepSeal(layout, data, sealOf(info, contentHash, actual)).catch(() => {});
  return "here";
}

/** Notes what a data file counts as, as long as it is this very file. `fileHash`: of its bytes, where they differ. */
export async function sealData(
  layout: Layout,
  data: VersionData,
  fileHash = data.contentHash,
): Promise<void> {
  const info = await ifThere(Deno.stat(layout.data(data.feature, data.version)));
  if (info !== undefined) await keepSeal(layout, data, sealOf(info, data.contentHash, fileHash));
}

function sealOf(info: Deno.FileInfo, contentHash: string, fileHash: string): Seal {
  const { size, ino: inode, mtime } = info;
  const seal = { content_hash: contentHash, inode, mtime: mtime?.toISOString(), size };
  return fileHash === contentHash ? seal : { ...seal, file_hash: fileHash };
}

/** The hash of the bytes that were proved to hold a version's rows: that version's own, unless a seal tells another. */
function fileHashOf(seal: string | undefined, contentHash: string): string {
  try {
    const value: unknown = JSON.parse(seal ?? "{}");
    const fields = new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
    const fileHash = fields.get("file_hash");
    if (fields.get("content_hash") === contentHash && typeof fileHash === "string") return fileHash;
  } catch {
    // Half a seal fits no file: then the data is hashed again.
  }
  return contentHash;
}

async function keepSeal(layout: Layout, { feature, version }: VersionData, seal: Seal): Promise<void> {
  const path = layout.seal(feature, version);
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, stableJson(seal));
}
