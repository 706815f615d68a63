import type { MetaColumn } from "../publish/meta.ts";
import type { CliContext } from "./context.ts";
import { paint } from "./paint.ts";
import { table } from "./table.ts";
import { textWidth, visible } from "./text_width.ts";

type Value = string | number | boolean | null;

/**
 * Rows of data as a table; where the terminal is too narrow for it, as one `name  value` line for each value and a blank
 * line between rows: columns of a feature begin alike, and cut ones could not be told apart.
 */
export function rowsText(
  columns: readonly MetaColumn[],
  rows: readonly (readonly Value[])[],
  { colour, columns: width }: Pick<CliContext, "colour" | "columns">,
): string {
  const { bold, dim } = paint(colour.stdout);
  const numeric = ({ dtype }: MetaColumn) => /^(u?int|float|double|decimal)/.test(dtype);
  const titles = columns.map((column) => ({
    title: column.name,
    ...(numeric(column) ? { align: "right" as const } : {}),
  }));
  const cells = rows.map((row) => row.map((value) => value === null ? "NULL" : String(value)));
  const whole = table(titles, cells);
  if (fits(whole, width) || rows.length === 0) return table(titles, cells, { title: bold });
  const names = columns.map(({ name }) => name);
  return cells.map((row) => fieldLines(names, row, dim).map((line) => `${line}\n`).join("")).join("\n");
}

/** Whether a terminal of that many columns shows each line whole. */
export function fits(text: string, width: number | undefined): boolean {
  return width === undefined || text.split("\n").every((line) => textWidth(line) <= width);
}

/** A row as one `name  value` line for each value. */
export function fieldLines(
  names: readonly string[],
  values: readonly string[],
  title: (name: string) => string = (name) => name,
): string[] {
  const longest = Math.max(...names.map(textWidth));
  return names.map((name, at) =>
    `${title(name)}${" ".repeat(longest - textWidth(name))}  ${visible(values[at] ?? "")}`
  );
}
