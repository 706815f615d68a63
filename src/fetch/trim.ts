import { locked } from "../stores/lock.ts";
import { entryAt } from "./entry.ts";

/** Where the system does not count a file's links, what was used this short a time ago counts as in use. */
const A_DAY = 24 * 60 * 60 * 1000;

interface Kept {
  id: string;
  /** On the disk, without holes. */
  bytes: number;
  used: number;
}

/**
 * Removes what was not used for the longest time, until the entries in `folder` take at most `limit` bytes. What a lease
 * has a link to is in use, and stays.
 */
export async function trim(folder: string, limit: number): Promise<void> {
  const kept: Kept[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".data")) continue;
    const id = name.slice(0, -".data".length);
    const found = await keptAt(folder, id);
    if (found !== undefined) kept.push(found);
  }
  let total = kept.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { id, bytes } of kept.sort((a, b) => a.used - b.used)) {
    if (total <= limit) return;
    if (await inUse(folder, id)) continue;
    const entry = entryAt(folder, id);
    const gone = await locked({ path: entry.lock }, async () => {
      if (await inUse(folder, id)) return false;
      for (const path of [entry.state, entry.draft, entry.data, entry.lock]) {
        await Deno.remove(path).catch(() => {});
      }
      return true;
    });
    if (gone) total -= bytes;
  }
}

async function keptAt(folder: string, id: string): Promise<Kept | undefined> {
  const { data, state } = entryAt(folder, id);
  const [bytes, said] = await Promise.all(
    [data, state].map((path) => Deno.stat(path).catch(() => undefined)),
  );
  if (bytes === undefined) return undefined;
  return {
    id,
    bytes: bytes.blocks === null ? bytes.size : bytes.blocks * 512,
    used: (said ?? bytes).mtime?.getTime() ?? 0,
  };
}

async function inUse(folder: string, id: string): Promise<boolean> {
  const { data, state } = entryAt(folder, id);
  const found = await Deno.stat(data).catch(() => undefined);
  if (found === undefined) return false;
  if (found.nlink !== null) return found.nlink > 1;
  const used = (await Deno.stat(state).catch(() => found)).mtime?.getTime() ?? 0;
  return Date.now() - used < A_DAY;
}
