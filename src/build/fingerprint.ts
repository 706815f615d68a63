import { dirname, join } from "../path.ts";
import { MlforgeError } from "../error.ts";
import { hashFile } from "../stores/files.ts";

export interface Fingerprint {
  sha256: string;
  /** In bytes. */
  size: number;
  /** Whether the file is still the one that was fingerprinted: same size, time and inode. */
  stillThere(): Promise<boolean>;
}

export interface Fingerprints {
  of(file: string): Promise<Fingerprint>;
  /** Keeps what was computed for the next run. Never fails: the cache is a convenience. */
  save(): Promise<void>;
}

interface Cached {
  size: number;
  mtime: number;
  inode: number | null;
  sha256: string;
}

/** A file written this short a time ago may change again within one tick of its clock, so it is not cached. */
const RACY_MS = 2000;

/**
 * SHA-256 of files, remembered by path, size, modification time and inode in the user's cache folder, so that an
 * unchanged 10 GB source is not read again. `folder` undefined: nothing is remembered.
 */
export async function openFingerprints(folder: string | undefined): Promise<Fingerprints> {
  const path = folder === undefined ? undefined : join(folder, "fingerprints.json");
  const known = new Map<string, Cached>(Object.entries(await load(path)));
  const fresh = new Map<string, Cached>();
  return {
    async of(file) {
      const before = await Deno.stat(file).catch((cause) => {
        throw new MlforgeError("failed", `Could not read ${file}`, {
          cause,
          hint: "Is it there, and readable?",
        });
      });
      const stamp = stampOf(before);
      const cached = known.get(file);
      const hit = cached !== undefined && same(cached, stamp) ? cached.sha256 : undefined;
      const sha256 = hit ?? await hashFile(file);
      if (hit === undefined && stamp.mtime + RACY_MS < Date.now()) fresh.set(file, { ...stamp, sha256 });
      return {
        sha256,
        size: stamp.size,
        stillThere: async () => {
          const now = await Deno.stat(file).catch(() => undefined);
          return now !== undefined && same(stamp, stampOf(now));
        },
      };
    },
    async save() {
      if (path === undefined || fresh.size === 0) return;
      try {
        await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
        const all = { ...(await load(path)), ...Object.fromEntries(fresh) };
        const draft = `${path}.${crypto.randomUUID()}`;
        await Deno.writeTextFile(draft, JSON.stringify(all), { mode: 0o600 });
        await Deno.rename(draft, path);
      } catch {
        // A home that can't be written to costs time, nothing else.
      }
    },
  };
}

type Stamp = Omit<Cached, "sha256">;

function stampOf(info: Deno.FileInfo): Stamp {
  return { size: info.size, mtime: info.mtime?.getTime() ?? 0, inode: info.ino };
}

function same(a: Stamp, b: Stamp): boolean {
  return a.size === b.size && a.mtime === b.mtime && a.inode === b.inode;
}

async function load(path: string | undefined): Promise<Record<string, Cached>> {
  if (path === undefined) return {};
  try {
    const value: unknown = JSON.parse(await Deno.readTextFile(path));
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    return Object.fromEntries(entries.filter((entry): entry is [string, Cached] => isCached(entry[1])));
  } catch {
    return {};
  }
}

/** What a full disk or another program left in the cache counts as nothing known. */
function isCached(value: unknown): value is Cached {
  const fields = new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
  const [size, mtime, inode, sha256] = ["size", "mtime", "inode", "sha256"].map((name) => fields.get(name));
  return typeof size === "number" && typeof mtime === "number" &&
    (typeof inode === "number" || inode === null) &&
    typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256);
}
