/** From a column of the stripped text to the one of the user's text, on the same line. Both count from 1. */
export type ColumnMap = (line: number, column: number) => number;

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * Reads the `mappings` of a source map (ECMA-426: base64 VLQ differences) of one source whose lines are kept, so that
 * columns alone differ. Deno 2.4 has no SourceMap in node:module, and a library for this would be larger than this.
 */
export function readColumns(mappings: string): ColumnMap {
  let original = 0;
  const lines = mappings.split(";").map((line) => {
    let generated = 0;
    return line.split(",").filter((segment) => segment !== "").map((segment): [number, number] => {
      const [column = 0, , , back = 0] = numbers(segment);
      generated += column;
      original += back;
      return [generated, original];
    });
  });
  return (line, column) => {
    const before = lines[line - 1]?.findLast(([generated]) => generated <= column - 1);
    return before === undefined ? column : column + before[1] - before[0];
  };
}

function numbers(segment: string): number[] {
  const found: number[] = [];
  let value = 0;
  let shift = 0;
  for (const digit of segment) {
    const bits = DIGITS.indexOf(digit);
    value += (bits & 31) << shift;
    shift += 5;
    if ((bits & 32) === 0) {
      found.push((value & 1) === 1 ? -(value >> 1) : value >> 1);
      value = 0;
      shift = 0;
    }
  }
  return found;
}
