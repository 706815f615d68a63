import { statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import { MlforgeError } from "../../error.ts";
import type { LocalStoreConfig } from "../../stores/config.ts";
import { fileError, ifThere, moveInto, sync, writeDurably } from "../../stores/files.ts";
import { locked } from "../../stores/lock.ts";
import { openPublisher } from "../open.ts";
import { publishedText, type Step, take } from "./step.ts";

/** Tries what publishing to a folder does: write, fsync, rename, lock, delete. All of it in a folder that goes again. */
export async function* checkLocalStore({ path }: LocalStoreConfig): AsyncGenerator<Step> {
  const folder = await take("folder", async () => {
    const info = await inFolder("read", path, () => ifThere(Deno.stat(path)));
    if (info === undefined) return "not there yet: the first build makes it";
    if (info.isDirectory) return path;
    throw new MlforgeError("usage", `Can't use "${path}" as a store: it is a file`, {
      hint: "A local store is a folder: choose another path.",
    });
  });
  yield folder;
  if (folder.outcome !== "ok") return;

  const read = await take("read", async () => {
    return publishedText(await (await openPublisher({ kind: "local", path })).read());
  });
  yield read;
  if (read.outcome !== "ok") return;

  const probe: { folder?: string } = {};
  const write = await take("write", () =>
    inFolder("write to", path, async () => {
      const dir = await workingFolder(path);
      probe.folder = await Deno.makeTempDir({ dir, prefix: ".mlforge-probe-" });
      await publishInto(probe.folder);
      return "";
    }), isRefusal);
  const { folder: own } = probe;
  if (own === undefined) return yield write;
  // Removed before anything is told: whoever stops here leaves nothing behind.
  const lock = await take("lock", () => inFolder("lock a file in", path, () => lockIn(own)));
  const gone = await take("delete", () => inFolder("delete from", path, () => removeAll(own)));
  yield* [write, lock, gone, await take("disk", () => freeSpace(path))];
}

/** What a batch does: new files on the disk, one renamed over another, and the folder's entries on the disk too. */
async function publishInto(folder: string): Promise<void> {
  const bytes = new TextEncoder().encode("A probe of mlforge profile --validate\n");
  for (const name of ["old", "new"]) await writeDurably(join(folder, name), bytes);
  await moveInto(join(folder, "new"), join(folder, "old"));
  await sync(folder, "folder");
}

async function lockIn(folder: string): Promise<string> {
  const options = { path: join(folder, "lock"), command: "mlforge profile --validate" };
  await locked(options, () => Promise.resolve());
  return "";
}

async function removeAll(folder: string): Promise<string> {
  await Deno.remove(folder, { recursive: true });
  return "";
}

async function freeSpace(path: string): Promise<string> {
  const { bavail, bsize } = statfsSync(await workingFolder(path));
  return `${(bavail * bsize / 1e9).toFixed(1)} GB free`;
}

async function inFolder<T>(action: string, path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw fileError(action, path, error);
  }
}

/** Where publishing would work: the store's own folder, or the nearest one above it that is there. */
async function workingFolder(path: string): Promise<string> {
  for (let folder = join(path, "_mlforge");; folder = dirname(folder)) {
    if ((await ifThere(Deno.stat(folder)))?.isDirectory || folder === dirname(folder)) return folder;
  }
}

function isRefusal({ cause }: MlforgeError): boolean {
  return cause instanceof Error && "code" in cause &&
    ["EACCES", "EPERM", "EROFS"].includes(String(cause.code));
}
