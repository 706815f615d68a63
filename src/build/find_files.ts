import type { Project, Source } from "../definitions/model.ts";
import type { SourceTask } from "../engines/task.ts";
import { MlforgeError } from "../error.ts";
import type { Found } from "../fetch/find.ts";
import { type Address, type BucketConfig, bucketConfig, parseAddress } from "../fetch/object.ts";
import { addressesOf } from "../fetch/placing.ts";
import { isAbsolute, join, resolve, sep } from "../path.ts";
import type { StoreConfig } from "../stores/config.ts";

const EXTENSIONS: Record<Source["format"], string[]> = {
  parquet: [".parquet", ".pq"],
  csv: [".csv", ".csv.gz", ".tsv", ".txt", ".tsv.gz"],
  json: [".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz"],
};

/** What paths of sources are read by. */
export interface SourcePlace {
  /** Relative paths begin at its root. */
  project: Pick<Project, "root">;
  /** Buckets are reached as this store is, where it is of their kind. */
  store?: StoreConfig | undefined;
}

type Files = Pick<SourceTask, "files" | "hiveRoot" | "remote">;

/** Finds the files of a source (a file or object, a glob, a folder with hive partitions), sorted by name. */
export async function findFiles(source: Source, { project, store }: SourcePlace): Promise<Files> {
  const address = parseAddress(source.path);
  return address === undefined
    ? await findLocal(source, project.root)
    : await findRemote(source, address, store);
}

async function findLocal(source: Source, root: string): Promise<Files> {
  const path = resolve(root, source.path);
  const found = await Deno.stat(path).catch(() => undefined);
  if (found?.isFile) return { files: [path] };
  const { glob } = await import("tinyglobby");
  if (found?.isDirectory) {
    const all = await glob("**/*", { cwd: path, absolute: true, dot: false });
    const files = all.map(native).filter((file) => hasExtension(source, file)).sort();
    if (files.length === 0) {
      throw nothingThere(source, `Folder "${source.path}" has no ${source.format} file`);
    }
    return { files, hiveRoot: path };
  }
  if (!/[*?[{]/.test(source.path)) throw nothingThere(source, `There is no file "${source.path}"`);
  const pattern = isAbsolute(source.path) ? source.path : join(root, source.path);
  const files = (await glob(pattern.split(sep).join("/"), { absolute: true })).map(native).sort();
  if (files.length === 0) throw nothingThere(source, `No file matches "${source.path}"`);
  return files.some(isPartitioned) ? { files, hiveRoot: root } : { files };
}

async function findRemote(
  source: Source,
  address: Address,
  store: StoreConfig | undefined,
): Promise<Files> {
  const bucket = bucketConfig(address, store);
  const { objects, as } = await lookUp(source, address, bucket);
  if (objects.length === 0) {
    throw nothingThere(
      source,
      as === "glob"
        ? `No object matches "${source.path}"`
        : `There is no ${source.format} object at "${source.path}"`,
    );
  }
  const remote = { bucket, objects };
  const files = addressesOf(remote);
  const partitioned = as === "folder" || (as === "glob" && files.some(isPartitioned));
  return { files, remote, ...(partitioned ? { hiveRoot: source.path } : {}) };
}

/** Names, sizes and tokens; an error of the bucket names the source, at its place. */
async function lookUp(source: Source, address: Address, config: BucketConfig): Promise<Found> {
  const { openBucket } = await import("../stores/open.ts");
  const { findObjects } = await import("../fetch/find.ts");
  try {
    return await findObjects(await openBucket(config), address.name, (name) => hasExtension(source, name));
  } catch (cause) {
    if (!(cause instanceof MlforgeError)) throw cause;
    throw cause.at(source.place, `source "${source.name}"`);
  }
}

function hasExtension({ format }: Source, name: string): boolean {
  return EXTENSIONS[format].some((extension) => name.endsWith(extension));
}

function isPartitioned(path: string): boolean {
  return /[/\\][A-Za-z_]\w*=[^/\\]*[/\\]/.test(path);
}

function nothingThere(source: Source, what: string): MlforgeError {
  return new MlforgeError("usage", `${what} (source "${source.name}")`, {
    place: source.place,
    hint: parseAddress(source.path) === undefined
      ? "Paths are relative to the definitions' folder."
      : "Names in a bucket are taken as they stand; * ? [ and { make a glob.",
  });
}

function native(path: string): string {
  return path.split("/").join(sep);
}
