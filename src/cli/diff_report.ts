import type { Diff } from "../build/diff.ts";
import type { CliContext } from "./context.ts";
import { differenceText } from "./difference.ts";
import { markdownTable, markdownText } from "./github.ts";
import { paint } from "./paint.ts";
import { formatBytes, formatCount } from "./quantities.ts";
import { shownStatistic } from "./statistics.ts";
import { table } from "./table.ts";
import { visible } from "./text_width.ts";

type FeatureDiff = Diff["features"][number];

/** Each feature that differs, with what differs side by side. */
export function diffText(diff: Diff, { colour, columns }: Pick<CliContext, "colour" | "columns">): string {
  const { bold } = paint(colour.stdout);
  const differing = diff.features.filter(differs);
  if (differing.length === 0) return "Nothing differs\n";
  return differing.map((one) => {
    const head = `${bold(one.feature)} ${one.a ?? "not there"} -> ${one.b ?? "gone"}: ${bold(one.level)}\n`;
    const said = sentences(one).map((sentence) => `  ${visible(sentence)}\n`).join("");
    const rows = one.rows === undefined ? "" : examplesText(one.rows.examples, columns);
    const facts = one.facts.map(({ name, a, b }) => [name, shown(name, a), shown(name, b)]);
    const sideBySide = facts.length === 0
      ? ""
      : table([{ title: "" }, { title: one.a ?? "" }, { title: one.b ?? "" }], facts, {
        width: columns,
        title: bold,
      });
    const columnwise = one.statistics.map((
      { column, name, a, b },
    ) => [column, name, shownStatistic(a), shownStatistic(b)]);
    const statistics = columnwise.length === 0 ? "" : table(
      [{ title: "COLUMN" }, { title: "" }, { title: one.a ?? "" }, { title: one.b ?? "" }],
      columnwise,
      { width: columns, title: bold },
    );
    return head + said + rows + (sideBySide + statistics).replace(/^(?=.)/gm, "  ");
  }).join("\n");
}

/** Of rows that differ, the first ones. */
function examplesText(
  { columns, rows }: NonNullable<FeatureDiff["rows"]>["examples"],
  width: number | undefined,
): string {
  if (columns.length === 0 || rows.length === 0) return "";
  const signed = rows.map(({ side, values }) => ({
    sign: side === "a" ? "-" as const : "+" as const,
    values,
  }));
  return differenceText(columns, signed, width);
}

/** For a comment on a pull request: a line for each feature that differs. */
export function diffMarkdown(diff: Diff): string {
  const differing = diff.features.filter(differs);
  const head = `### Features: ${diff.level === "none" ? "nothing differs" : `${diff.level} change`}\n`;
  if (differing.length === 0) return head;
  const rows = (one: FeatureDiff) => {
    const fact = one.facts.find(({ name }) => name === "rows");
    return fact === undefined ? "" : `${shown("rows", fact.a)} -> ${shown("rows", fact.b)}`;
  };
  const versions = ({ a, b }: FeatureDiff) =>
    a === null ? `new: ${b}` : b === null ? `${a}, gone` : a === b ? a : `${a} -> ${b}`;
  return `${head}\n` + markdownTable(
    ["Feature", "Version", "Level", "Rows", "What"],
    differing.map((one) => [one.feature, versions(one), one.level, rows(one), sentences(one).join("; ")]),
  ) +
    (differing.some(({ a, b }) => a !== null && a === b)
      ? `\n${
        markdownText("One version with two contents: a merge has to give one of them another number.")
      }\n`
      : "");
}

/** Facts that decide nothing (a description, an engine) are shown too, where they are all that differs. */
function differs({ level, facts }: FeatureDiff): boolean {
  return level !== "none" || facts.length > 0;
}

function sentences({ a, b, definition, schema, sources, rows }: FeatureDiff): string[] {
  return [
    ...(a === null ? ["a new feature"] : b === null ? ["the feature is gone"] : []),
    ...definition,
    ...schema,
    ...sources.map((name) => `source ${name} differs`),
    ...(rows === undefined ? [] : [rowsSentence(rows)]),
  ];
}

function rowsSentence({ by, added, removed, changed, columns }: NonNullable<FeatureDiff["rows"]>): string {
  const each = Object.entries(columns).map(([name, count]) => `${name} ${formatCount(count)}`).join(", ");
  const said = `rows: ${formatCount(added)} added, ${formatCount(removed)} removed`;
  if (by.length === 0) return `${said} (whole rows: keys are not unique)`;
  return `${said}, ${formatCount(changed)} changed by ${by.join(", ")}${each === "" ? "" : ` (${each})`}`;
}

function shown(name: string, value: string | null): string {
  if (value === null) return "none";
  if (name === "rows") return formatCount(Number(value));
  if (name === "bytes") return formatBytes(Number(value));
  return name.endsWith("_hash") ? value.slice(0, 12) : value;
}
