import { ifThere, readTextIfThere } from "./files.ts";

export interface LockOptions {
  /** The lock's file; its folder exists. The file stays there: a lock is held on it, not by it. */
  path: string;
  /** What the holder is doing, for whoever waits; absent where nobody is told. */
  command?: string;
  /** Told once, after two seconds, who holds the lock. */
  onWait?: (text: string) => void;
}

export interface Held {
  /** False where someone deleted the lock's file meanwhile (`git clean`): then a second holder is possible. */
  stillOurs(): Promise<boolean>;
}

/**
 * Runs `act` while holding the lock exclusively, across processes. The system gives it up with its process, however
 * that ends.
 */
export async function locked<T>(options: LockOptions, act: (held: Held) => Promise<T>): Promise<T> {
  const timer = options.onWait === undefined
    ? undefined
    : setTimeout(async () => options.onWait?.(await describeHolder(options.path)), 2000);
  let file: Deno.FsFile;
  try {
    file = await acquire(options.path);
  } finally {
    clearTimeout(timer);
  }
  try {
    await noteHolder(options);
    return await act({ stillOurs: () => isAt(file, options.path) });
  } finally {
    file.close();
  }
}

async function acquire(path: string): Promise<Deno.FsFile> {
  for (;;) {
    const file = await Deno.open(path, { read: true, write: true, create: true });
    try {
      await file.lock(true);
      if (await isAt(file, path)) return file;
    } catch (error) {
      file.close();
      throw error;
    }
    // The file was deleted while we waited for it: whoever comes next locks another one.
    file.close();
  }
}

async function isAt(file: Deno.FsFile, path: string): Promise<boolean> {
  const [ours, there] = await Promise.all([file.stat(), ifThere(Deno.stat(path))]);
  // Windows neither gives an inode nor deletes a file that is open.
  return there !== undefined && ours.ino === there.ino && ours.dev === there.dev;
}

/** Only for people: nothing depends on it, so it need not be whole or true. */
async function noteHolder({ path, command }: LockOptions): Promise<void> {
  if (command === undefined) return;
  const holder = { pid: Deno.pid, host: hostName(), since: new Date().toISOString(), command };
  await Deno.writeTextFile(`${path}.holder.json`, JSON.stringify(holder)).catch(() => {});
}

async function describeHolder(path: string): Promise<string> {
  const unknown = "Waiting for another mlforge that is publishing to this store";
  try {
    const holder: unknown = JSON.parse(await readTextIfThere(`${path}.holder.json`) ?? "null");
    if (typeof holder !== "object" || holder === null) return unknown;
    const said = new Map(Object.entries(holder));
    return `Waiting for "${said.get("command")}" (process ${said.get("pid")} on ${said.get("host")}, ` +
      `since ${said.get("since")}), which is publishing to this store`;
  } catch {
    return unknown;
  }
}

/** This machine's name; empty where it may not be known (no `--allow-sys`). */
export function hostName(): string {
  try {
    return Deno.hostname();
  } catch {
    return "";
  }
}
