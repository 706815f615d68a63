import { fileURLToPath } from "node:url";

export interface CliResult {
  code: number;
  out: string;
  err: string;
}

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** The program under test: the binary named by MLFORGE_BIN, else main.ts run by the Deno that runs the tests. */
export function cliCommand(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Deno.Command {
  const binary = Deno.env.get("MLFORGE_BIN");
  const inherited = Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) => !/^(GITHUB_|MLFORGE_|NO_COLOR)/.test(name)),
  );
  return new Deno.Command(binary ?? Deno.execPath(), {
    args: binary === undefined ? ["run", "-A", "--no-check", MAIN, ...args] : [...args],
    env: { ...inherited, ...options.env },
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
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
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
