import { buildCommand } from "@stricli/core";
import type { TestResult } from "../../build/run_tests.ts";
import { MlforgeError, throwAll } from "../../error.ts";
import { resolve } from "../../path.ts";
import { stableJson } from "../../publish/meta.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { workplace } from "../project.ts";
import { resultText, testsJson, totalText } from "../test_report.ts";

export const test = buildCommand<OutputFlags & ProjectFlags, string[], CliContext>({
  parameters: {
    flags: { ...projectFlags, ...outputFlags },
    positional: {
      kind: "array",
      parameter: {
        parse: String,
        placeholder: "FILE",
        brief: "Files of tests; all beside the definitions by default",
      },
    },
  },
  docs: {
    brief: "Test features on rows that you write",
    fullDescription:
      "Computes features on the rows of *.test.yaml, beside the definitions or in tests/, and compares what\n" +
      "comes with what is expected there. Reads no source's rows, and writes nothing.",
    customUsage: ["[FILE...] [flags]", { input: "spend.test.yaml", brief: "the tests of one file" }],
  },
  async func(flags, ...named) {
    const place = await workplace(this, flags);
    const project = await place.project();
    const { findTests, runTests } = await import("../../build/run_tests.ts");
    const files = named.length > 0 ? named.map((file) => resolve(this.cwd, file)) : await findTests(project);
    if (files.length === 0) {
      throw new MlforgeError("usage", "There are no tests beside the definitions", {
        hint: "Write a file such as spend.test.yaml there, or in tests/; docs/quality.md shows one.",
      });
    }
    const results = await runTests({ project, store: place.config.store ?? project.store }, {
      files,
      onResult: (result) => {
        if (!flags.json && (!flags.quiet || !result.passed)) this.out(resultText(result, this));
      },
    });
    if (flags.json) this.out(stableJson(testsJson(results, this.cwd)));
    else if (!flags.quiet) this.out(`\n${totalText(results)}\n`);
    throwAll(results.flatMap(errorOf));
  },
});

function errorOf({ test, passed, error }: TestResult): MlforgeError[] {
  if (passed) return [];
  if (error !== undefined) {
    const message = `Test "${test.name}" of feature "${test.feature}" failed: ${error.message}`;
    return [
      new MlforgeError("failed", message, {
        hint: error.hint,
        place: error.place ?? test.place,
        cause: error,
      }),
    ];
  }
  return [
    new MlforgeError(
      "failed",
      `Test "${test.name}" of feature "${test.feature}" failed: it gives other rows`,
      {
        place: test.place,
        hint: "Change the feature, or what the test expects.",
      },
    ),
  ];
}
