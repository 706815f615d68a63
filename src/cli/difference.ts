import { table } from "./table.ts";
import { textWidth, visible } from "./text_width.ts";

const INDENT = "    ";

/**
 * Rows that differ, indented: `-` before those of the one side, `+` before those of the other. A table, or, where the
 * terminal is too narrow for it, a line for each value: columns of a feature begin alike, and cut ones could not be told apart.
 */
export function differenceText(
  columns: readonly string[],
  rows: readonly { sign: "-" | "+"; values: readonly (string | null)[] }[],
  width: number | undefined,
): string {
  const cells = rows.map(({ sign, values }) => [sign, ...values.map((value) => value ?? "NULL")]);
  const whole = table(["", ...columns].map((title) => ({ title })), cells).replace(/^(?=.)/gm, INDENT);
  if (width === undefined || whole.split("\n").every((line) => textWidth(line) <= width)) return whole;

  const longest = Math.max(...columns.map(textWidth));
  return cells.map(([sign, ...values]) =>
    columns.map((name, at) =>
      `${INDENT}${at === 0 ? sign : " "}  ${name}${" ".repeat(longest - textWidth(name))}  ${
        visible(values[at] ?? "")
      }\n`
    ).join("")
  ).join("");
}
