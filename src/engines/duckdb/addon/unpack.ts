import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import type { Carried } from "./manifest.ts";
import { isIntact, requireOwnFolder } from "./trust.ts";

/**
 * Makes sure that the files lie in `folder` exactly as the binary carries them (as `<name>.br` in `from`). A file that is
 * missing, damaged, a link or another user's is replaced by renaming a whole one over it, so that a process that has just
 * checked a file always finds a whole one. Throws where the folder can't be trusted or written.
 */
export function unpack(files: readonly Carried[], from: URL, folder: string): void {
  requireOwnFolder(folder);
  const missing = () => files.filter((file) => !isIntact(join(folder, file.name), file));
  if (missing().length === 0) return;
  using _lock = lock(join(folder, "lock"));
  // Of many processes that start at once, the first one did it.
  for (const { name } of missing()) {
    const part = join(folder, `${name}.${crypto.randomUUID()}.part`);
    try {
      const data = brotliDecompressSync(Deno.readFileSync(new URL(`${name}.br`, from)));
      Deno.writeFileSync(part, data, { mode: 0o700, createNew: true });
      Deno.renameSync(part, join(folder, name));
    } catch (cause) {
      remove(part);
      throw cause;
    }
  }
}

/** Held by one process at a time, and let go when it ends, whatever way. */
function lock(path: string): Deno.FsFile {
  const file = Deno.openSync(path, { write: true, create: true, mode: 0o600 });
  try {
    file.lockSync(true);
  } catch {
    // Some network file systems have no locks: then several processes do the same work, each whole.
  }
  return file;
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It was not written, or is the last thing that a full disk lets go of.
  }
}
