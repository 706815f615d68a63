import { ENGINE, VERSION } from "../version.ts";
import type { CliContext } from "./context.ts";
import { paint } from "./paint.ts";
import { type CommandEntry, COMMANDS } from "./routes.ts";

/**
 * Answers what is asked of mlforge itself, in its plainest forms, and says whether it did. All others, and an answer that
 * can't be written, are the whole command line's: it takes three times as long to load as to answer.
 */
export function answerAtOnce({ args, colour, out }: Pick<CliContext, "args" | "colour" | "out">): boolean {
  const answer = ANSWERS.get(args.join("\0"));
  if (answer === undefined) return false;
  try {
    out(answer(colour.stdout));
    return true;
  } catch {
    return false;
  }
}

const ANSWERS = new Map<string, (colour: boolean) => string>([
  ["", rootHelp],
  ["-h", rootHelp],
  ["--help", rootHelp],
  ["-v", () => version(false)],
  ["--version", () => version(false)],
  ["--version\0--json", () => version(true)],
]);

/** Of mlforge; as JSON also of what is in it. */
export function version(json: boolean): string {
  const versions = {
    deno: Deno.version.deno,
    duckdb: ENGINE.replace("duckdb ", ""),
    mlforge: VERSION,
    platform: Deno.build.target,
  };
  return json ? JSON.stringify(versions, null, 2) + "\n" : `${VERSION}\n`;
}

const EXAMPLES: readonly [string, string][] = [
  ["mlforge init shop", "a project to start from, in ./shop"],
  ["mlforge build --dry-run", "what would be built, and why"],
  ["mlforge build", "compute what changed, publish it"],
  ["mlforge show user_spend --key user_id=7 --at 2026-01-31", "what was known of a user that day"],
];

/** What `mlforge --help` says. */
export function rootHelp(colour: boolean): string {
  const { bold, dim } = paint(colour);
  const groups = new Map<string, CommandEntry[]>();
  for (const entry of COMMANDS) groups.set(entry.group, [...groups.get(entry.group) ?? [], entry]);
  const width = Math.max(...COMMANDS.map((entry) => entry.name.length));
  const commands = [...groups].map(([title, entries]) =>
    `${bold(title)}\n` +
    entries.map((entry) => `  ${entry.name.padEnd(width)}  ${dim(entry.brief)}\n`).join("")
  ).join("\n");
  const examples = EXAMPLES.map(([command, what]) => `  ${command}\n      ${dim(what)}\n`).join("");
  return `mlforge ${VERSION}: a feature store as one file\n\n` +
    `Usage: mlforge COMMAND [arguments] [flags]\n\n${commands}\n${bold("Examples")}\n${examples}\n` +
    "mlforge COMMAND --help says more of each. --version prints the version.\n";
}
