import { createHash } from "node:crypto";
import { dirname } from "node:path";
import type { Carried } from "./manifest.ts";

/**
 * Makes sure that a folder is the user's own and nobody else can write there, now or by putting another one in its
 * place; creates it where it is missing. Throws an Error that says what is wrong with it.
 */
export function requireOwnFolder(folder: string): void {
  Deno.mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  try {
    Deno.mkdirSync(folder, { mode: 0o700 });
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
  }
  const { isDirectory, isSymlink, uid, mode } = Deno.lstatSync(folder);
  if (isSymlink || !isDirectory) throw new Error(`${folder} is not a folder`);
  if (Deno.build.os === "windows") return;
  if (uid !== Deno.uid()) throw new Error(`${folder} is another user's`);
  if (((mode ?? 0) & 0o777) !== 0o700) Deno.chmodSync(folder, 0o700);
  let above = Deno.realPathSync(folder);
  while (above !== dirname(above)) requireUnmovable(above = dirname(above));
}

/**
 * Nobody else may put another folder in the place of one that lies here. The owner of a folder can, and whoever may write
 * to it, unless it is sticky, as /tmp is.
 */
function requireUnmovable(folder: string): void {
  const { uid, mode } = Deno.statSync(folder);
  // Whoever owns / owns the machine: root, or whatever number a container shows for it.
  if (uid !== Deno.uid() && uid !== Deno.statSync("/").uid) throw new Error(`${folder} is another user's`);
  const [anyone, sticky] = [0o002, 0o1000];
  if (((mode ?? 0) & (anyone | sticky)) === anyone) throw new Error(`anyone can write to ${folder}`);
}

/** Whether a file is there, the user's own, no link, and holds exactly what it should. */
export function isIntact(path: string, { bytes, sha256 }: Carried): boolean {
  let info: Deno.FileInfo;
  try {
    info = Deno.lstatSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    throw cause;
  }
  // A link is no file here.
  if (!info.isFile || info.size !== bytes) return false;
  if (Deno.build.os !== "windows" && info.uid !== Deno.uid()) return false;
  return digest(path) === sha256;
}

function digest(path: string): string {
  const hash = createHash("sha256");
  using file = Deno.openSync(path);
  const part = new Uint8Array(1 << 20);
  for (let read = file.readSync(part); read !== null; read = file.readSync(part)) {
    hash.update(part.subarray(0, read));
  }
  return hash.digest("hex");
}
