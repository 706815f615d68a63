import { LEAKS } from "../audit/leaks.ts";
import { type ColumnAudit, type FeatureAudit, type Key, type LeakReport, leaks } from "../audit/report.ts";
import type { CliContext } from "./context.ts";
import { paint } from "./paint.ts";
import { counted, formatCount } from "./quantities.ts";
import { table } from "./table.ts";

/** A line a column, then what differs, with examples. */
export function leakText(
  report: LeakReport,
  { colour, columns: width }: Pick<CliContext, "colour" | "columns">,
): string {
  const { bold } = paint(colour.stdout);
  const lines = report.features.flatMap(linesOf);
  const overview = table(
    [
      { title: "FEATURE" },
      { title: "VERSION" },
      { title: "COLUMN", flexible: true },
      { title: "SAMPLED", align: "right" },
      { title: "EQUAL", align: "right" },
      { title: "DIFFERING", align: "right" },
    ],
    lines,
    { width, title: bold },
  );
  const details = report.features.flatMap((feature) => detailsOf(feature)).map((text) => `\n${text}`);
  return `${overview}${details.join("")}\n${bold(total(report))}\n`;
}

function linesOf({ feature, version, rows, columns, not_checked }: FeatureAudit): string[][] {
  if (not_checked !== undefined) return [[feature, version, "not checked", "", "", ""]];
  const wrong = rows === undefined ? 0 : rows.missing + rows.extra;
  const numbers = (sampled: number, differing: number) =>
    [sampled, sampled - differing, differing].map(formatCount);
  return [
    ...(rows === undefined ? [] : [[feature, version, "(rows)", ...numbers(rows.sampled, wrong)]]),
    ...columns.map((
      { column, sampled, differing },
    ) => [feature, version, column, ...numbers(sampled, differing)]),
  ];
}

function detailsOf(audit: FeatureAudit): string[] {
  if (audit.not_checked !== undefined) return [`${audit.not_checked}\n`];
  if (!leaks(audit)) return [];
  return [...rowDetails(audit), ...audit.columns.filter(({ differing }) => differing > 0).map(columnDetails)];
}

function rowDetails({ feature, rows }: FeatureAudit): string[] {
  if (rows === undefined || rows.examples.length === 0) return [];
  const found = rows.examples.map(({ key, at, is }) =>
    `  ${[keyText(key), at ?? "", `is ${is}`].join("  ")}\n`
  );
  return [
    `${feature}: ${counted(rows.missing, "row")} missing, ${
      formatCount(rows.extra)
    } that should not be there\n${found.join("")}`,
  ];
}

function columnDetails({ column, looks_like: look, examples }: ColumnAudit): string {
  const rows = examples.map(({ key, at, row, published, recomputed }) => [
    ...(row === undefined ? [] : [String(row)]),
    keyText(key),
    at ?? "",
    published ?? "NULL",
    recomputed ?? "NULL",
  ]);
  const inFile = examples.some(({ row }) => row !== undefined);
  const shown = table([
    ...(inFile ? [{ title: "ROW", align: "right" as const }] : []),
    { title: "KEY" },
    { title: inFile ? "TIME" : "STAMP" },
    { title: inFile ? "IN THE FILE" : "PUBLISHED", align: "right" },
    { title: "RECOMPUTED", align: "right" },
  ], rows);
  const why = look === undefined ? "" : `: ${LEAKS[look]}`;
  return `${column}${why}\n${shown.replaceAll(/^(?=.)/gm, "  ")}`;
}

function keyText(key: Key): string {
  return Object.entries(key).map(([name, value]) => `${name}=${value ?? "NULL"}`).join(" ");
}

function total({ features }: LeakReport): string {
  const checked = features.filter(({ not_checked }) => not_checked === undefined);
  const values = checked.flatMap(({ columns }) => columns).reduce((sum, { sampled }) => sum + sampled, 0);
  const wrong = checked.filter(leaks).length;
  const skipped = features.length - checked.length;
  return `Recomputed ${counted(values, "value")} of ${counted(checked.length, "feature")}: ${
    wrong === 0 ? "all are right" : `${counted(wrong, "feature")} not right`
  }${skipped === 0 ? "" : `; ${counted(skipped, "feature")} not checked`}`;
}
