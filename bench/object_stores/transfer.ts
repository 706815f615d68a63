/** Takes files to a store, or from there, in two workers as a build's are: a process that the benchmark times. */
import { join } from "node:path";
import type { GcsStoreConfig, S3StoreConfig } from "../../src/stores/config.ts";

/** What to do; the program's one argument is the path of a file that holds it as JSON. */
export interface Transfer {
  way: "upload" | "download";
  store: S3StoreConfig | GcsStoreConfig;
  folder: string;
  /** Of each file, by its name: hex SHA-256. */
  hashes: Record<string, string>;
  /** A file that gets a line: this process's largest memory so far, in bytes. */
  peaks: string;
}

/** What one worker does. */
export interface Share extends Omit<Transfer, "hashes" | "peaks"> {
  files: { name: string; path: string; sha256: string }[];
}

const WORKERS = 2;

const { hashes, peaks, ...task }: Transfer = JSON.parse(await Deno.readTextFile(Deno.args[0] ?? ""));
const files = Object.entries(hashes).map(([name, sha256]) => ({
  name,
  path: join(task.folder, name),
  sha256,
}));
await Promise.all(Array.from({ length: WORKERS }, (_, lane) => {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const share: Share = { ...task, files: files.filter((_, i) => i % WORKERS === lane) };
  return new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve(worker.terminate());
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(share);
  });
}));
const peak = /^VmHWM:\s+(\d+) kB$/m.exec(await Deno.readTextFile("/proc/self/status"))?.[1] ?? NaN;
await Deno.writeTextFile(peaks, `${Number(peak) * 1024}\n`, { append: true });
