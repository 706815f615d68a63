import { buildCommand } from "@stricli/core";
import type { CheckDataRequest } from "../../build/check_data.ts";
import { MlforgeError, throwAll } from "../../error.ts";
import { resolve } from "../../path.ts";
import { stableJson } from "../../publish/meta.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { writeSummary } from "../job_summary.ts";
import { progress } from "../progress.ts";
import { workplace } from "../project.ts";
import { parseNames } from "../quantities.ts";
import { renderWarnings } from "../render_error.ts";
import { shortPath } from "../short_path.ts";

interface Flags extends OutputFlags, ProjectFlags {
  data?: boolean;
  features?: string[];
  output?: string;
}

export const validate = buildCommand<Flags, [string?], CliContext>({
  parameters: {
    flags: {
      data: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Compute the features and run their checks, too; publish nothing",
      },
      features: {
        kind: "parsed",
        parse: parseNames,
        optional: true,
        placeholder: "a,b",
        brief: "With --data: only these features",
      },
      output: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "folder",
        brief: "With --data: write the rows that fail to Parquet files in this folder",
      },
      ...projectFlags,
      ...outputFlags,
    },
    positional: {
      kind: "tuple",
      parameters: [{
        parse: String,
        optional: true,
        placeholder: "TARGET",
        brief: "Definitions file, or a folder with one",
      }],
    },
  },
  docs: {
    brief: "Check definitions without building",
    fullDescription:
      "Checks mlforge.yaml, the definitions, that sources are there, and that SQL, keys, times and metrics\n" +
      "fit them. Builds and writes nothing. All errors are shown at once. With --data it also computes the\n" +
      "features, and runs the checks that a build would run.",
    customUsage: [
      "[TARGET] [flags]",
      { input: "definitions.yaml", brief: "a file of your choice" },
      { input: "--data --output failing", brief: "run the checks, and keep the rows that fail" },
    ],
  },
  async func(flags, target) {
    if (!flags.data && (flags.output !== undefined || flags.features !== undefined)) {
      throw new MlforgeError("usage", "--features and --output belong to --data", {
        hint: "Definitions are always checked as a whole; add --data to check the data of some.",
      });
    }
    const place = await workplace(this, flags, target);
    const project = await place.project();
    const { validate: check } = await import("../../build/validate.ts");
    const store = place.config.store ?? project.store;
    throwAll(await check({ project, store }));
    if (flags.data) return await validateData(this, flags, { project, store });
    const counts = {
      features: project.features.length,
      sources: project.sources.length,
      entities: project.entities.length,
    };
    if (flags.json) return this.out(stableJson({ ...counts, file: shortPath(project.file, this.cwd) }));
    if (flags.quiet) return;
    const said = Object.entries(counts).map(([what, n]) => `${what} ${n}`).join(", ");
    this.out(`${shortPath(project.file, this.cwd)} is right: ${said}\n`);
  },
});

async function validateData(
  context: CliContext,
  flags: Flags,
  place: Pick<CheckDataRequest, "project" | "store">,
): Promise<void> {
  const { checkData } = await import("../../build/check_data.ts");
  const { dataJson, dataMarkdown, dataText } = await import("../data_report.ts");
  const shown = await progress(context, flags.quiet === true);
  const { features, output } = flags;
  const report = await checkData({
    ...place,
    ...(features === undefined ? {} : { features }),
    ...(output === undefined ? {} : { output: resolve(context.cwd, output) }),
    now: context.now(),
    signal: context.signal(),
    onEvent: shown.onEvent,
  }).finally(() => shown.stop());
  await writeSummary(context, dataMarkdown(report, context.cwd));
  if (!flags.json && !flags.quiet) { for (const note of report.notes) context.err(`note ${note}\n`); }
  if (report.warnings.length > 0) context.err(renderWarnings(report.warnings, context));
  if (flags.json) context.out(stableJson(dataJson(report)));
  else if (!flags.quiet) context.out(dataText(report, context));
  throwAll(report.features.flatMap(({ error }) => error ?? []));
}
