import { MlforgeError } from "../error.ts";

/** The text of a file; undefined where there is none. */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  return await ifThere(Deno.readTextFile(path));
}

/** What the promise gives; undefined where the file or one of its folders does not exist. */
export async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

/** Hex SHA-256 of a file, read in pieces. */
export async function hashFile(path: string): Promise<string> {
  // Imported when needed: most commands hash no file.
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  // The next part is read while one is hashed.
  let [part, next] = [new Uint8Array(1 << 20), new Uint8Array(1 << 20)];
  let read = await file.read(part);
  while (read !== null) {
    const reading = file.read(next);
    hash.update(part.subarray(0, read));
    read = await reading;
    [part, next] = [next, part];
  }
  return hash.digest("hex");
}

/** Writes a new file and brings it to the disk: what is renamed into place later is whole after a power failure. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  await file.sync();
}

/** Brings a file's bytes, or a folder's entries (which Windows can't and need not), to the disk. */
export async function sync(path: string, kind: "file" | "folder"): Promise<void> {
  if (kind === "folder" && Deno.build.os === "windows") return;
  // Windows flushes only what is open for writing.
  using file = await Deno.open(path, { read: true, write: kind === "file" });
  await file.sync();
}

/** Moves a file over another one. On Windows a reader (or a virus scanner) that has it open refuses that for a moment. */
export async function moveInto(from: string, to: string): Promise<void> {
  for (let round = 0;; round++) {
    try {
      return await Deno.rename(from, to);
    } catch (error) {
      if (Deno.build.os !== "windows" || round === 8 || !(error instanceof Deno.errors.PermissionDenied)) {
        throw error;
      }
      await new Promise((resume) => setTimeout(resume, 5 << round));
    }
  }
}

/**
 * A failed file operation in our words: what was being done, to which path, why not. `path` is the one meant where the
 * system's error does not name one. What is no error of the file system is given back as it is.
 */
export function fileError(action: string, path: string, cause: unknown): Error {
  if (!(cause instanceof Error)) return new Error(String(cause));
  const code = "code" in cause ? String(cause.code) : "";
  if (!(cause.name in Deno.errors) && !/\(os error \d+\)/.test(cause.message)) return cause;
  const [why, hint] = REASONS[code] ?? REASONS[cause.name] ?? [cause.message, undefined];
  // Deno ends its messages with the paths: "... (os error 13): rename 'from' -> 'to'".
  const named = /'([^']+)'$/.exec(cause.message)?.[1] ?? path;
  return new MlforgeError("failed", `Can't ${action} "${named}": ${why}`, { hint, cause });
}

const FREE_SPACE = "Free some space and run again.";
const GIVE_RIGHT = "Give this user the right to write there, or choose another folder for the store.";
const OTHER_FOLDER = "Choose another folder for the store.";
const MOVE_FILE = "Move that file away, or choose another folder for the store.";

/** By the system's code, else by Deno's class. */
const REASONS: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  EACCES: ["permission denied", GIVE_RIGHT],
  EPERM: ["permission denied", GIVE_RIGHT],
  PermissionDenied: ["permission denied", GIVE_RIGHT],
  ENOSPC: ["the disk is full", FREE_SPACE],
  EDQUOT: ["this user's quota is used up", FREE_SPACE],
  EROFS: ["the file system is read-only", OTHER_FOLDER],
  ENOTDIR: ["a file stands where a folder should be", MOVE_FILE],
  NotADirectory: ["a file stands where a folder should be", MOVE_FILE],
  EEXIST: ["a file stands where a folder should be", MOVE_FILE],
  AlreadyExists: ["a file stands where a folder should be", MOVE_FILE],
};
