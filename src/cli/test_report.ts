import type { TestResult } from "../build/run_tests.ts";
import type { CliContext } from "./context.ts";
import { differenceText } from "./difference.ts";
import { paint } from "./paint.ts";
import { shortPath } from "./short_path.ts";
import { visible } from "./text_width.ts";

type Screen = Pick<CliContext, "colour" | "columns" | "cwd">;

/** A line a test, and under one that failed the rows that differ: `-` expected, `+` actual. */
export function resultText(
  { test, passed, difference }: TestResult,
  { colour, columns, cwd }: Screen,
): string {
  const { green, red, dim } = paint(colour.stdout);
  const { file, line } = test.place;
  const head = `${passed ? green("ok") : red("FAILED")}  ${visible(`${test.feature}: ${test.name}`)}`;
  if (difference === undefined) return `${head}\n`;
  const rows = difference.rows.map(({ side, values }) => ({
    sign: side === "expected" ? "-" as const : "+" as const,
    values,
  }));
  return `${head}  ${dim(`${shortPath(file, cwd)}:${line}`)}\n${
    differenceText(difference.columns, rows, columns)
  }`;
}

/** `3 passed, 1 failed`. */
export function totalText(results: readonly TestResult[]): string {
  const failed = results.filter(({ passed }) => !passed).length;
  return `${results.length - failed} passed${failed === 0 ? "" : `, ${failed} failed`}`;
}

export function testsJson(results: readonly TestResult[], cwd: string): unknown {
  const failed = results.filter(({ passed }) => !passed).length;
  return {
    tests: results.map(({ test: { name, feature, place }, passed, difference, error }) => ({
      name,
      feature,
      file: shortPath(place.file, cwd),
      line: place.line,
      passed,
      ...(difference === undefined ? {} : { difference }),
      ...(error === undefined ? {} : { error: error.toPlain() }),
    })),
    passed: results.length - failed,
    failed,
  };
}
