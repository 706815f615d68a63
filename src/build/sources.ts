import type { Source } from "../definitions/model.ts";
import type { SourceTask } from "../engines/task.ts";
import { MlforgeError } from "../error.ts";
import { addressOf } from "../fetch/object.ts";
import type { RemoteFiles } from "../fetch/placing.ts";
import { relative, sep } from "../path.ts";
import { hashOf } from "../publish/hash.ts";
import { findFiles, type SourcePlace } from "./find_files.ts";
import type { Fingerprints } from "./fingerprint.ts";

/** A source with its files found and fingerprinted. */
export interface ResolvedSource {
  task: SourceTask;
  /** What the files' fingerprints are: of their bytes, or a bucket's names of their states. */
  kind: "sha256" | "token";
  /** Over the files' names (relative to the project, or in the bucket) and fingerprints. */
  hash: string;
  bytes: number;
  /** Throws where a file is not what it was when it was fingerprinted. */
  assertUnchanged(): Promise<void>;
}

/** A source as an engine takes it: with its files found. */
export async function sourceTask(source: Source, place: SourcePlace): Promise<SourceTask> {
  const { path: _path, description: _description, ...reading } = source;
  return { ...reading, ...await findFiles(source, place) };
}

/** Finds a source's files, and what tells one state of them from another. */
export async function resolveSource(
  source: Source,
  place: SourcePlace,
  fingerprints: Fingerprints,
): Promise<ResolvedSource> {
  const task = await sourceTask(source, place);
  return task.remote === undefined
    ? await resolveLocal(source, task, place.project.root, fingerprints)
    : await resolveRemote(source, task, task.remote, place);
}

async function resolveLocal(
  source: Source,
  task: SourceTask,
  root: string,
  fingerprints: Fingerprints,
): Promise<ResolvedSource> {
  const prints = await Promise.all(task.files.map((file) => fingerprints.of(file)));
  const names = task.files.map((file) => relative(root, file).split(sep).join("/"));
  return {
    task,
    kind: "sha256",
    hash: await hashOf(names.map((file, i) => [file, prints[i]?.sha256])),
    bytes: prints.reduce((sum, print) => sum + print.size, 0),
    async assertUnchanged() {
      for (const [i, print] of prints.entries()) {
        if (!(await print.stillThere())) throw changed(source, names[i] ?? "");
      }
    },
  };
}

/** Nothing is read: the bucket's own tokens are the fingerprints. */
async function resolveRemote(
  source: Source,
  task: SourceTask,
  { bucket, objects }: RemoteFiles,
  place: SourcePlace,
): Promise<ResolvedSource> {
  return {
    task,
    kind: "token",
    hash: await hashOf(objects.map(({ name, token }) => [name, `token:${token}`])),
    bytes: objects.reduce((sum, { size }) => sum + size, 0),
    async assertUnchanged() {
      const now = await findFiles(source, place);
      const tokens = new Map(now.remote?.objects.map(({ name, token }) => [name, token]));
      const other = objects.find(({ name, token }) => tokens.get(name) !== token);
      if (other !== undefined) throw changed(source, addressOf(bucket, other.name));
    },
  };
}

function changed(source: Source, file: string): MlforgeError {
  return new MlforgeError("failed", `Source "${source.name}" changed while it was read: ${file}`, {
    place: source.place,
    hint: "Build again once nobody writes to it.",
  });
}
