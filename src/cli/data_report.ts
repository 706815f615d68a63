import type { CheckDataReport, CheckedFeature } from "../build/check_data.ts";
import { checkName } from "../definitions/checks/model.ts";
import { findings } from "./build_report.ts";
import type { CliContext } from "./context.ts";
import { paint } from "./paint.ts";
import { formatCount } from "./quantities.ts";
import { shortPath } from "./short_path.ts";
import { table } from "./table.ts";

/** What came of `validate --data`, a line a feature. */
export function dataText(
  report: CheckDataReport,
  context: Pick<CliContext, "colour" | "columns" | "cwd">,
): string {
  const { bold } = paint(context.colour.stdout);
  const right = "right" as const;
  const lines = table(
    [{ title: "FEATURE" }, { title: "ROWS", align: right }, { title: "CHECKS", align: right }, {
      title: "RESULT",
    }],
    report.features.map((one) => [
      one.feature,
      one.rows === undefined ? "" : formatCount(one.rows),
      one.error === undefined ? String(one.checks.length) : "",
      resultOf(one),
    ]),
    { width: context.columns, title: bold },
  );
  const files = report.files.map((file) => `Wrote ${shortPath(file, context.cwd)}\n`).join("");
  return files === "" ? lines : `${lines}\n${files}`;
}

function resultOf({ error, checks }: CheckedFeature): string {
  if (error !== undefined) {
    const failed = error.all().filter(({ failedCheck }) => failedCheck?.severity === "error").length;
    return failed === 0 ? "could not be computed" : `${failed} failed`;
  }
  const warned = checks.filter(({ passed }) => !passed).length;
  const skipped = checks.filter(({ skipped }) => skipped !== undefined).length;
  return [
    warned === 0 ? "passed" : `passed with ${warned} warning${warned === 1 ? "" : "s"}`,
    ...(skipped === 0 ? [] : [`${skipped} not compared`]),
  ].join(", ");
}

/** `--json`: each feature with the results of its checks. */
export function dataJson(report: CheckDataReport): unknown {
  return {
    features: report.features.map(({ error, checks, ...rest }) => ({
      ...rest,
      checks: checks.map(({ check, ...result }) => ({
        check: checkName(check),
        severity: check.severity,
        ...result,
      })),
      ...(error === undefined
        ? {}
        : { errors: error.all().map(({ failedCheck, message }) => ({ message, failedCheck })) }),
    })),
    warnings: report.warnings.map((warning) => warning.toPlain()),
    notes: report.notes,
    files: report.files,
  };
}

/** For GitHub's summary page. */
export function dataMarkdown(report: CheckDataReport, cwd: string): string {
  const errors = report.features.flatMap(({ error }) => error?.all() ?? []);
  const failed = report.features.filter(({ error }) => error !== undefined).length;
  return `### mlforge validate --data\n\n${
    report.features.length - failed
  } of ${report.features.length} features pass.\n` +
    findings([...errors, ...report.warnings], cwd);
}
