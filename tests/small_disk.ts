import assert from "node:assert/strict";

/** Whether the tests may do what only root on Linux may: mount, and be forbidden nothing. */
export const root = Deno.build.os === "linux" && Deno.uid() === 0;

/** A file system of its own. */
export interface SmallDisk {
  folder: string;
  makeReadOnly(): Promise<void>;
}

/** A test with a small file system. Run as root on Linux to have it run. */
export function smallDiskTest(name: string, size: string, body: (disk: SmallDisk) => Promise<void>): void {
  Deno.test({ name, ignore: !root, fn: () => withSmallDisk(size, body) });
}

/** Only root may mount one. */
export async function withSmallDisk(size: string, use: (disk: SmallDisk) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  await run("mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder);
  try {
    await use({ folder, makeReadOnly: () => run("mount", "-o", "remount,ro", folder) });
  } finally {
    await run("umount", folder);
    await Deno.remove(folder);
  }
}

async function run(...command: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command[0] ?? "", { args: command.slice(1) }).output();
  assert.ok(success, `${command.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}
