import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface CliResult {
  code: number;
  out: string;
  err: string;
}

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** The binary under test, where it is one that is tested. */
export const BINARY = Deno.env.get("MLFORGE_BIN");

/** The user that the binary runs as, by number: a test run by root sets it, so that nothing works for root alone. */
const UID = Deno.env.has("MLFORGE_BIN_UID") ? Number(Deno.env.get("MLFORGE_BIN_UID")) : undefined;

/** Without these, Windows starts no program. */
const KEPT = Deno.build.os === "windows" ? ["SystemRoot", "LOCALAPPDATA", "TEMP"] : [];

/**
 * The program under test: main.ts run by the Deno that runs the tests; or the binary named by MLFORGE_BIN, which finds an
 * empty environment, so that it needs nothing of this machine.
 */
export function cliCommand(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Deno.Command {
  const inherited = Object.entries(Deno.env.toObject()).filter(([name]) =>
    BINARY === undefined ? !/^(GITHUB_|MLFORGE_|NO_COLOR)/.test(name) : KEPT.includes(name)
  );
  return new Deno.Command(BINARY ?? Deno.execPath(), {
    args: BINARY === undefined ? ["run", "-A", "--no-check", MAIN, ...args] : [...args],
    env: { ...Object.fromEntries(inherited), ...options.env },
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    cwd: options.cwd ?? EMPTY_FOLDER,
    ...asUser(options.cwd),
  });
}

const EMPTY_FOLDER = Deno.makeTempDirSync({ prefix: "mlforge-test-" });
asUser(EMPTY_FOLDER);
globalThis.addEventListener("unload", () => Deno.removeSync(EMPTY_FOLDER));

/** What a program that works in a folder is run with. What tests have written there becomes its user's. */
export function asUser(folder?: string): { uid: number; gid: number } | undefined {
  if (UID === undefined) return undefined;
  if (folder !== undefined) giveTo(UID, folder);
  return { uid: UID, gid: UID };
}

function giveTo(uid: number, folder: string): void {
  Deno.chownSync(folder, uid, uid);
  for (const { name, isDirectory, isSymlink } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (isDirectory) giveTo(uid, path);
    else if (!isSymlink) Deno.chownSync(path, uid, uid);
  }
}

/** Runs mlforge to its end. */
export async function runCli(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<CliResult> {
  const { code, stdout, stderr } = await cliCommand(args, options).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

/** A folder for one test, with its links resolved so that paths compare; removed at its end. */
export async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "mlforge-test-" }));
  asUser(folder);
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
