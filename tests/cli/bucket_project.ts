import { join } from "node:path";
import { asked, type Wire } from "../stores/wire.ts";
import { withProject } from "./project.ts";
import { cliCommand, type CliResult, runCli } from "./run_cli.ts";

/** A project of two features whose profile names a bucket. */
export interface BucketProject {
  cwd: string;
  env: Record<string, string>;
  /** Runs mlforge to its end. */
  run(...args: string[]): Promise<CliResult>;
  /** Runs mlforge, and gives what it asked the store, in order. */
  requests(...args: string[]): Promise<string[]>;
  start(...args: string[]): Deno.ChildProcess;
  write(name: string, text: string): Promise<void>;
}

export function storeYaml({ store: { kind, bucket, prefix, endpoint } }: Wire): string {
  return `{ KIND: ${kind}, bucket: ${bucket}, prefix: ${prefix}, endpoint: "${endpoint}" }`;
}

/** `files` are added to those of tests/cli/project.ts, or put in place of them. */
export async function withBucketProject(
  wire: Wire,
  use: (project: BucketProject) => Promise<void>,
  files: Record<string, string> = {},
): Promise<void> {
  const yaml = `default_profile: cloud\nprofiles:\n  cloud:\n    offline_store: ${storeYaml(wire)}\n`;
  await withProject(async (cwd) => {
    const env = { ...wire.env, MLFORGE_CACHE_DIR: join(cwd, "cache"), TMPDIR: join(cwd, "temp") };
    await Deno.mkdir(env.TMPDIR);
    const run = (...args: string[]) => runCli(args, { cwd, env });
    await use({
      cwd,
      env,
      run,
      async requests(...args) {
        wire.proxy.clear();
        const { code, err } = await run(...args);
        if (code !== 0) throw new Error(`mlforge ${args.join(" ")} ended with ${code}: ${err}`);
        return wire.proxy.requests.map((request) => asked(wire, request));
      },
      start: (...args) => cliCommand(args, { cwd, env }).spawn(),
      write: (name, text) => Deno.writeTextFile(join(cwd, name), text),
    });
  }, { "mlforge.yaml": yaml, ...files });
}
