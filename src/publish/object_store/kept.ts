import { join } from "node:path";
import { locked } from "../../stores/lock.ts";

/** Where downloaded data is kept for the next time. */
export interface Keeping {
  /** Absolute. */
  folder: string;
  /** In bytes. What was used within a day may go beyond it. */
  limit: number;
}

/** What was used this short a time ago may still be read, by whoever was given its path. */
const IN_USE = 24 * 60 * 60 * 1000;

/** Whether a file of that size is there. Then it counts as used now, and stays for a day. */
export async function useKept(folder: string, name: string, bytes: number): Promise<boolean> {
  const path = join(folder, name);
  if (!await isWhole(path, bytes)) return false;
  return await alone(folder, async () => {
    const now = new Date();
    return await isWhole(path, bytes) && await Deno.utime(path, now, now).then(() => true, () => false);
  });
}

/**
 * Removes what was not used for the longest time, until the rest fits. With `useKept` under one lock, over processes: so
 * what one of them has found there, no other one removes.
 */
export async function trimKept({ folder, limit }: Keeping): Promise<void> {
  await alone(folder, async () => {
    const files = await filesOf(folder);
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { path, bytes, used } of files.sort((a, b) => a.used - b.used)) {
      if (total <= limit || Date.now() - used < IN_USE) return;
      if (await Deno.remove(path).then(() => true, () => false)) total -= bytes;
    }
  });
}

function alone<T>(folder: string, act: () => Promise<T>): Promise<T> {
  return locked({ path: join(folder, "lock") }, act);
}

async function isWhole(path: string, bytes: number): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile && info.size === bytes, () => false);
}

/** Whole ones, and such that were never finished. */
async function filesOf(folder: string) {
  const files: { path: string; bytes: number; used: number }[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (!/\.(parquet|part)$/.test(name)) continue;
    const path = join(folder, name);
    const info = await Deno.stat(path).catch(() => undefined);
    if (info !== undefined) files.push({ path, bytes: info.size, used: info.mtime?.getTime() ?? 0 });
  }
  return files;
}
