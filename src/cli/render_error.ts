import { MlforgeError, type Place, type Rows } from "../error.ts";
import { withoutSecrets } from "../stores/cause.ts";
import type { CliContext } from "./context.ts";
import { annotation, isWarning } from "./github.ts";
import { paint } from "./paint.ts";
import { shortPath } from "./short_path.ts";
import { table } from "./table.ts";
import { cut, textWidth, visible } from "./text_width.ts";

/**
 * An error as it stands on stderr: what went wrong, where, what to do; each of several errors apart. As one line of JSON
 * where `--json` was typed; with annotations where GitHub Actions reads along; with causes and traces for `--verbose`.
 */
export function renderError(
  error: MlforgeError,
  context: Pick<CliContext, "args" | "colour" | "cwd" | "env" | "columns">,
): string {
  const all = error.all();
  const annotations = context.env("GITHUB_ACTIONS") === "true"
    ? all.map((e) => annotation(e, context.env("GITHUB_WORKSPACE") ?? context.cwd)).join("")
    : "";
  if (asked(context.args, "--json")) return JSON.stringify({ error: error.toPlain() }) + "\n" + annotations;
  const verbose = asked(context.args, "--verbose");
  const blocks = all.map((e) => one(e, context) + (verbose ? causes(e) : ""));
  const total = all.length > 1 ? `\n${totals(all)}\n` : "";
  return blocks.join("\n") + total + annotations;
}

/** Warnings as they stand on stderr: like errors, by another word. Nothing with `--json`, whose report has them. */
export function renderWarnings(
  warnings: readonly MlforgeError[],
  context: Pick<CliContext, "args" | "colour" | "cwd" | "env" | "columns">,
): string {
  const blocks = asked(context.args, "--json") ? [] : warnings.map((w) => one(w, context));
  const workspace = context.env("GITHUB_WORKSPACE") ?? context.cwd;
  const annotations = context.env("GITHUB_ACTIONS") === "true"
    ? warnings.map((w) => annotation(w, workspace))
    : [];
  return blocks.join("\n") + annotations.join("");
}

function totals(all: readonly MlforgeError[]): string {
  const warnings = all.filter(isWarning).length;
  const counted = (n: number, word: string) => n === 0 ? [] : [`${n} ${word}${n === 1 ? "" : "s"}`];
  return [...counted(all.length - warnings, "error"), ...counted(warnings, "warning")].join(", ");
}

/** Whether a flag was typed, for errors that come before flags are parsed. */
function asked(args: readonly string[], flag: string): boolean {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).includes(flag);
}

function one(
  error: MlforgeError,
  { colour, cwd, columns }: Pick<CliContext, "colour" | "cwd" | "columns">,
): string {
  const { red, yellow, bold, cyan } = paint(colour.stderr);
  const label = isWarning(error) ? yellow(bold("Warning:")) : red(bold("Error:"));
  let text = `${label} ${bold(visible(error.message))}\n`;
  if (error.place !== undefined) text += where(error.place, { colour, cwd, columns });
  const examples = error.failedCheck?.examples;
  if (examples !== undefined) text += rowsOf(examples, columns);
  if (error.hint !== undefined) text += `  ${cyan(visible(error.hint).replaceAll("\n", "\n  "))}\n`;
  return text;
}

/** The rows that show it, as a small table. */
function rowsOf({ columns, rows }: Rows, width: number | undefined): string {
  const cells = rows.map((row) => row.map((value) => value ?? "NULL"));
  const titles = columns.map((title) => ({ title, flexible: true }));
  const shown = table(titles, cells, { width: width === undefined ? undefined : width - 4 });
  return shown.replace(/^(?=.)/gm, "    ");
}

function where(
  { file, line, column, text }: Place,
  { colour, cwd, columns }: Pick<CliContext, "colour" | "cwd" | "columns">,
): string {
  const { dim, red } = paint(colour.stderr);
  const head = `  ${visible(shortPath(file, cwd))}:${line}:${column}\n`;
  if (text === undefined || text.trim() === "") return head;
  // A tab is one column in a place, so it takes one here.
  const shown = visible(text.replaceAll("\t", " "));
  const before = visible(text.replaceAll("\t", " ").slice(0, column - 1));
  const number = String(line);
  const room = (columns ?? 120) - number.length - 5;
  // A long line is shown around its place.
  const skipped = textWidth(before) > room - 20 ? before.length - Math.floor(room / 2) : 0;
  const caret = " ".repeat(textWidth(before.slice(skipped)));
  return head +
    `  ${dim(`${number} |`)} ${cut(shown.slice(skipped), room)}\n` +
    `  ${dim(`${" ".repeat(number.length)} |`)} ${caret}${red("^")}\n`;
}

function causes(error: MlforgeError): string {
  let text = "";
  for (
    let cause = error.cause;
    cause !== undefined;
    cause = cause instanceof Error ? cause.cause : undefined
  ) {
    const trace = cause instanceof Error ? cause.stack ?? String(cause) : String(cause);
    text += `  Caused by: ${visible(withoutSecrets(trace)).replaceAll("\n", "\n  ")}\n`;
  }
  return text;
}

/** What was thrown, as an error of mlforge: anything else than an MlforgeError is a bug, and says so. */
export function bugError(thrown: unknown): MlforgeError {
  if (thrown instanceof MlforgeError) return thrown;
  // Nobody has looked at it: it may hold anything.
  const what = withoutSecrets(thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown));
  return new MlforgeError("failed", `This is a bug in mlforge: ${what}`, {
    hint: "Please report it, with what the same command says with --verbose.",
    cause: thrown,
  });
}
