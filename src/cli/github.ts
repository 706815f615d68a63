import type { MlforgeError } from "../error.ts";
import { shortPath } from "./short_path.ts";

/**
 * An error as an annotation of GitHub Actions, on the line it names. The escapes are those of the runner's own toolkit:
 * https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
 */
export function annotation(error: MlforgeError, workspace: string): string {
  const { place, message, hint } = error;
  const at = place === undefined ? "" : " " + Object.entries({
    file: shortPath(place.file, workspace).replaceAll("\\", "/"),
    line: String(place.line),
    col: String(place.column),
  }).map(([key, value]) => `${key}=${escapeProperty(value)}`).join(",");
  return `::${isWarning(error) ? "warning" : "error"}${at}::${
    escapeData(hint === undefined ? message : `${message}\n${hint}`)
  }\n`;
}

/** Whether it is a failed check that only had to be said. */
export function isWarning({ failedCheck }: MlforgeError): boolean {
  return failedCheck?.severity === "warn";
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** Text of others in a page of Markdown: nothing in it is taken as markup. */
export function markdownText(text: string): string {
  return text.replace(/[\\`*_[\]|#]/g, "\\$&").replaceAll("<", "&lt;").replace(/[\r\n]+/g, " ");
}

/** A table for the job's summary page, in Markdown. */
export function markdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string) =>
    text.replaceAll("\\", "\\\\").replaceAll("|", "\\|").replaceAll("<", "&lt;").replace(/[\r\n]+/g, " ");
  const line = (row: readonly string[]) => `| ${row.map(cell).join(" | ")} |\n`;
  return line(titles) + line(titles.map(() => "---")).replaceAll("\\", "") + rows.map(line).join("");
}
