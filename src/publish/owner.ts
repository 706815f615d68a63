import process from "node:process";
import { dirname, join } from "node:path";
import { hostName } from "../stores/lock.ts";
import { ifThere, readTextIfThere } from "../stores/files.ts";
import { stableJson } from "./meta.ts";
import { isKey } from "../stores/key.ts";

/**
 * Who works in a batch's folder: `owner.json` in it. It decides only what is cleared away, never what is published: a
 * living batch whose folder was taken for dead finds its files gone before it commits, and fails clean.
 */
interface Owner {
  pid: number;
  host: string;
  /** Tells a process from a later one of the same number; empty where the system does not say. */
  started: string;
  since: string;
}

const A_DAY = 24 * 60 * 60 * 1000;

export async function writeOwner(folder: string): Promise<void> {
  const owner: Owner = {
    pid: Deno.pid,
    host: hostName(),
    started: await startOf(Deno.pid),
    since: new Date().toISOString(),
  };
  await Deno.writeTextFile(join(folder, "owner.json"), stableJson(owner));
}

/** Removes the folders of batches whose process is gone. Only under the lock: no folder is being made meanwhile. */
export async function removeDead(transactions: string): Promise<void> {
  await Promise.all(
    (await deadBatches(transactions)).map((name) => removeIfPossible(join(transactions, name))),
  );
}

/** Names of the folders of batches whose process is gone. */
export async function deadBatches(transactions: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(transactions)) {
    if (!isKey(name)) continue;
    const owner = await readOwner(join(transactions, name));
    // Without an owner it was cut short while being made, under the lock that whoever removes it holds.
    if (owner === undefined || !await isAlive(owner)) names.push(name);
  }
  return names.sort();
}

const TEMPORARY = "mlforge-batch-";

/** A private folder for one batch among the temporary ones; those that killed processes of this user left there go. */
export async function makeTemporary(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: TEMPORARY });
  await writeOwner(folder);
  const parent = dirname(folder);
  const { uid } = await Deno.stat(folder);
  for await (const { name, isDirectory } of Deno.readDir(parent)) {
    const other = join(parent, name);
    if (!name.startsWith(TEMPORARY) || !isDirectory || other === folder) continue;
    // Others share this place. One without an owner is being made now.
    const owner = (await ifThere(Deno.lstat(other)))?.uid === uid ? await readOwner(other) : undefined;
    if (owner !== undefined && !await isAlive(owner)) await removeIfPossible(other);
  }
  return folder;
}

/** What can't be removed now (a file that is open, on Windows) is removed by a later batch. */
async function removeIfPossible(folder: string): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
}

async function isAlive(owner: Owner): Promise<boolean> {
  // Processes of other machines (or containers) can't be seen from here: they are given a day.
  if (owner.host !== hostName()) return Date.now() - Date.parse(owner.since) < A_DAY;
  return isRunning(owner.pid) && await startOf(owner.pid) === owner.started;
}

async function readOwner(folder: string): Promise<Owner | undefined> {
  try {
    const value: unknown = JSON.parse(await readTextIfThere(join(folder, "owner.json")) ?? "null");
    const fields = new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
    const [pid, host, started, since] = ["pid", "host", "started", "since"].map((name) => fields.get(name));
    if (typeof pid !== "number" || typeof host !== "string" || typeof started !== "string") return undefined;
    return typeof since === "string" ? { pid, host, started, since } : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    // Signal 0 asks, and does nothing.
    return process.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** When a process was started, in the kernel's ticks since boot (field 22 of proc_pid_stat(5)), on Linux. */
async function startOf(pid: number): Promise<string> {
  if (Deno.build.os !== "linux") return "";
  const text = await readTextIfThere(`/proc/${pid}/stat`).catch(() => undefined) ?? "";
  // The second field, the command in brackets, may hold anything.
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}
