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

  yield await take("read", async () => {
    return publishedText(await (await openPublisher({ kind: "local", path })).read());
  });

  let probe = "";
  const write = await take("write", () =>
    inFolder("write to", path, async () => {
      probe = await Deno.makeTempDir({ dir: await workingFolder(path), prefix: ".mlforge-probe-" });
      const bytes = new TextEncoder().encode("A probe of mlforge profile --validate\n");
      for (const name of ["old", "new"]) await writeDurably(join(probe, name), bytes);
      await moveInto(join(probe, "new"), join(probe, "old"));
      await sync(probe, "folder");
      return "";
    }), isRefusal);
  yield write;
  if (probe === "") return;
  let gone: Step;
  try {
    if (write.outcome === "ok") {
      yield await take("lock", () =>
        inFolder("lock a file in", path, async () => {
          await locked({ path: join(probe, "lock"), command: "mlforge profile --validate" }, () =>
            Promise.resolve());
          return "";
        }));
    }
  } finally {
    gone = await take("delete", () =>
      inFolder("delete from", path, async () => {
        await Deno.remove(probe, { recursive: true });
        return "";
      }));
  }
  yield gone;
  yield await take("disk", async () => {
    const { bavail, bsize } = statfsSync(await workingFolder(path));
    return await Promise.resolve(`${(bavail * bsize / 1e9).toFixed(1)} GB free`);
  });
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
