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
  const fits = width === undefined || whole.split("\n").every((line) => textWidth(line) <= width);
  if (fits || rows.length === 0) return table(titles, cells, { title: bold });

  const longest = Math.max(...columns.map(({ name }) => textWidth(name)));
  return cells.map((row) =>
    columns.map(({ name }, at) => {
      const pad = " ".repeat(longest - textWidth(name));
      return `${dim(name)}${pad}  ${visible(row[at] ?? "")}\n`;
    }).join("")
  ).join("\n");
}
