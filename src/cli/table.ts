import { cut, textWidth, visible } from "./text_width.ts";

export interface Column {
  title: string;
  /** Numbers stand right. */
  align?: "right";
  /** Cut first where the terminal is too narrow; columns without it are never cut. */
  flexible?: boolean;
}

const GAP = 2;

/**
 * Rows as lines in columns. With `width` (of the terminal) flexible columns are cut to fit, ending in `…`, the widest
 * first; without it nothing is cut. An empty table is its header.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { width?: number | undefined; title?: (text: string) => string } = {},
): string {
  const cells = rows.map((row) => row.map((cell) => visible(cell).replace(/[\t\n]+/g, " ")));
  const widths = columns.map((column, at) =>
    Math.max(textWidth(column.title), ...cells.map((row) => textWidth(row[at] ?? "")))
  );
  if (options.width !== undefined) fit(widths, columns, options.width);
  const line = (row: readonly string[], style = (text: string) => text) =>
    columns.map((column, at) => {
      const width = widths[at] ?? 0;
      const text = cut(row[at] ?? "", width);
      const pad = " ".repeat(width - textWidth(text));
      return column.align === "right" ? pad + style(text) : style(text) + pad;
    }).join(" ".repeat(GAP)).trimEnd();
  const lines = [line(columns.map((c) => c.title), options.title), ...cells.map((row) => line(row))];
  return lines.join("\n") + "\n";
}

/** Narrows the widest flexible column, one character at a time, until the line fits or nothing can give. */
function fit(widths: number[], columns: readonly Column[], width: number): void {
  const total = () => widths.reduce((sum, w) => sum + w, 0) + GAP * (widths.length - 1);
  const least = 6;
  for (let over = total() - width; over > 0; over--) {
    let widest: number | undefined;
    widths.forEach((w, at) => {
      if (columns[at]?.flexible && w > least && w > (widths[widest ?? -1] ?? 0)) widest = at;
    });
    if (widest === undefined) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}
