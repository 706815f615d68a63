import { isAbsolute, join, relative, resolve, sep } from "../path.ts";
import type { Source } from "../definitions/model.ts";
import { MlforgeError } from "../error.ts";
import type { SourceTask } from "../engines/task.ts";
import type { Fingerprints } from "./fingerprint.ts";
import { hashOf } from "../publish/hash.ts";

/** A source with its files found and fingerprinted. */
export interface ResolvedSource {
  task: SourceTask;
  /** Over the files' names (relative to the project) and fingerprints. */
  hash: string;
  bytes: number;
  /** Throws where a file is not what it was when it was fingerprinted. */
  assertUnchanged(): Promise<void>;
}

const EXTENSIONS: Record<Source["format"], string[]> = {
  parquet: [".parquet", ".pq"],
  csv: [".csv", ".csv.gz", ".tsv", ".txt", ".tsv.gz"],
  json: [".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz"],
};

/** Finds the files of a source (a file, a glob, a folder with hive partitions), sorted by name. */
export async function findFiles(
  source: Source,
  root: string,
): Promise<{ files: string[]; hiveRoot?: string }> {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(source.path)) {
    throw new MlforgeError("usage", `Can't read source "${source.name}" from ${source.path} yet`, {
      place: source.place,
      hint: "Sources are local files so far.",
    });
  }
  const path = resolve(root, source.path);
  const found = await Deno.stat(path).catch(() => undefined);
  if (found?.isFile) return { files: [path] };
  const { glob } = await import("tinyglobby");
  if (found?.isDirectory) {
    const all = await glob("**/*", { cwd: path, absolute: true, dot: false });
    const files = all.map(native).filter((file) => EXTENSIONS[source.format].some((e) => file.endsWith(e)))
      .sort();
    if (files.length === 0) {
      throw nothingThere(source, `Folder "${source.path}" has no ${source.format} file`);
    }
    return { files, hiveRoot: path };
  }
  if (!/[*?[{]/.test(source.path)) throw nothingThere(source, `There is no file "${source.path}"`);
  const pattern = isAbsolute(source.path) ? source.path : join(root, source.path);
  const files = (await glob(pattern.split(sep).join("/"), { absolute: true })).map(native).sort();
  if (files.length === 0) throw nothingThere(source, `No file matches "${source.path}"`);
  const hive = files.some((file) => /[/\\][A-Za-z_]\w*=[^/\\]*[/\\]/.test(file));
  return hive ? { files, hiveRoot: root } : { files };
}

function nothingThere(source: Source, what: string): MlforgeError {
  return new MlforgeError("usage", `${what} (source "${source.name}")`, {
    place: source.place,
    hint: "Paths are relative to the definitions' folder.",
  });
}

function native(path: string): string {
  return path.split("/").join(sep);
}

/** A source as an engine takes it: with its files found. */
export async function sourceTask(source: Source, root: string): Promise<SourceTask> {
  const { path: _path, description: _description, ...reading } = source;
  return { ...reading, ...await findFiles(source, root) };
}

export async function resolveSource(
  source: Source,
  root: string,
  fingerprints: Fingerprints,
): Promise<ResolvedSource> {
  const task = await sourceTask(source, root);
  const { name, files } = task;
  const prints = await Promise.all(files.map((file) => fingerprints.of(file)));
  const names = files.map((file) => relative(root, file).split(sep).join("/"));
  return {
    task,
    hash: await hashOf(names.map((file, i) => [file, prints[i]?.sha256])),
    bytes: prints.reduce((sum, print) => sum + print.size, 0),
    async assertUnchanged() {
      for (const [i, file] of files.entries()) {
        const print = prints[i];
        if (print !== undefined && !(await print.stillThere())) {
          throw new MlforgeError(
            "failed",
            `Source "${name}" changed while it was read: ${names[i] ?? file}`,
            {
              place: source.place,
              hint: "Build again once nobody writes to it.",
            },
          );
        }
      }
    },
  };
}
