import type { BuildItem, BuildReport, PlanItem, Preview } from "../build/report.ts";
import type { MlforgeError } from "../error.ts";
import type { CliContext } from "./context.ts";
import { isWarning, markdownTable, markdownText } from "./github.ts";
import { paint } from "./paint.ts";
import { formatBytes, formatCount, formatSeconds } from "./quantities.ts";
import { shortPath } from "./short_path.ts";
import { rowsText } from "./rows.ts";
import { type Column, table } from "./table.ts";

type Screen = Pick<CliContext, "colour" | "columns">;

/** `Built 6, unchanged 2, in 1.9 s`. */
export function totalLine(report: BuildReport): string {
  const count = (outcome: BuildItem["outcome"]) => report.items.filter((i) => i.outcome === outcome).length;
  const parts: string[] = [];
  for (const outcome of ["built", "restored", "unchanged", "failed"] as const) {
    if (count(outcome) > 0) parts.push(`${outcome} ${count(outcome)}`);
  }
  const said = parts.length === 0 ? "nothing to build" : parts.join(", ");
  return `${said[0]?.toUpperCase()}${said.slice(1)}, in ${formatSeconds(report.seconds)}`;
}

const COLUMNS: readonly Column[] = [
  { title: "FEATURE" },
  { title: "VERSION" },
  { title: "ROWS", align: "right" },
  { title: "SIZE", align: "right" },
  { title: "WHY", flexible: true },
];

function cells(item: BuildItem): string[] {
  const version = item.outcome === "failed"
    ? "failed"
    : item.previous !== undefined && item.previous !== item.version
    ? `${item.previous} -> ${item.version ?? ""}`
    : item.version ?? "";
  return [
    item.feature,
    version,
    item.rows === undefined ? "" : formatCount(item.rows),
    item.bytes === undefined ? "" : formatBytes(item.bytes),
    item.outcome === "unchanged" ? "unchanged" : item.error?.message ?? item.why.join("; "),
  ];
}

/** What was built, a line each, and the total. Where nothing changed, the total alone. */
export function reportText(report: BuildReport, { colour, columns }: Screen): string {
  const { bold } = paint(colour.stdout);
  const shown = report.items.filter((item) => item.outcome !== "unchanged");
  const rows = shown.length === 0
    ? ""
    : table(COLUMNS, shown.map(cells), { width: columns, title: bold }) + "\n";
  return `${rows}${bold(totalLine(report))}\n`;
}

/** For GitHub's summary page. */
export function reportMarkdown(report: BuildReport, cwd: string): string {
  const titles = COLUMNS.map(({ title }) => title[0] + title.slice(1).toLowerCase());
  return `### mlforge build\n\n${totalLine(report)}\n\n` +
    (report.items.length === 0 ? "" : markdownTable(titles, report.items.map(cells)) + "\n") +
    report.notes.map((note) => `- ${note}\n`).join("") + findings(report.warnings, cwd);
}

/** For GitHub's summary page, where a build published nothing. */
export function failureMarkdown(error: MlforgeError, cwd: string): string {
  return `### mlforge build\n\nNothing was published.\n${findings(error.all(), cwd)}`;
}

/** Errors or warnings in Markdown, with the rows that show them. */
export function findings(all: readonly MlforgeError[], cwd: string): string {
  return all.map((error) => {
    const { message, place, hint, failedCheck } = error;
    const where = place === undefined ? "" : ` (${shortPath(place.file, cwd)}:${place.line})`;
    const examples = failedCheck?.examples;
    const rows = examples === undefined
      ? ""
      : `\n${markdownTable(examples.columns, examples.rows.map((row) => row.map((v) => v ?? "NULL")))}`;
    return `\n**${isWarning(error) ? "Warning" : "Error"}:** ${markdownText(message)}${where}\n${
      hint === undefined ? "" : `\n${markdownText(hint)}\n`
    }${rows}`;
  }).join("");
}

/** `--json` of a build: items by feature, and the transaction that published them (null where nothing was). */
export function reportJson(report: BuildReport): unknown {
  return {
    items: report.items.map(({ error, ...item }) => ({
      ...item,
      ...(error === undefined ? {} : { error: error.toPlain() }),
    })),
    tx: report.tx ?? null,
    seconds: report.seconds,
    notes: report.notes,
    warnings: report.warnings.map((warning) => warning.toPlain()),
  };
}

/** `--dry-run` and `--check`. */
export function planText(items: readonly PlanItem[], { colour, columns }: Screen): string {
  const { bold } = paint(colour.stdout);
  return table(
    [
      { title: "FEATURE" },
      { title: "STATUS" },
      { title: "PUBLISHED" },
      { title: "NEXT" },
      { title: "TO READ", align: "right" },
      { title: "WHY", flexible: true },
    ],
    items.map((item) => [
      item.feature,
      item.status,
      item.current ?? "",
      item.next ?? "",
      [
        item.rows === undefined ? [] : [`${formatCount(item.rows)} rows`],
        item.bytes === 0 ? [] : [formatBytes(item.bytes)],
      ].flat().join(", "),
      item.why.join("; "),
    ]),
    { width: columns, title: bold },
  );
}

/** `--preview`: the first rows of each feature. */
export function previewText(previews: readonly Preview[], screen: Screen): string {
  const { bold } = paint(screen.colour.stdout);
  return previews.map(({ feature, columns, rows }) => `${bold(feature)}\n${rowsText(columns, rows, screen)}`)
    .join("\n");
}
