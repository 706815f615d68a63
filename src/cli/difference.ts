import { fieldLines, fits } from "./rows.ts";
import { table } from "./table.ts";

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
  const texts = rows.map(({ sign, values }) => ({ sign, values: values.map((value) => value ?? "NULL") }));
  const cells = texts.map(({ sign, values }) => [sign, ...values]);
  const whole = table(["", ...columns].map((title) => ({ title })), cells).replace(/^(?=.)/gm, INDENT);
  if (fits(whole, width)) return whole;
  return texts.flatMap(({ sign, values }) =>
    fieldLines(columns, values).map((line, at) => `${INDENT}${at === 0 ? sign : " "}  ${line}\n`)
  ).join("");
}
