import { buildCommand, buildRouteMap } from "@stricli/core";
import type { LeakReport } from "../../audit/report.ts";
import { parseBytes } from "../../bytes.ts";
import { MlforgeError } from "../../error.ts";
import { resolve } from "../../path.ts";
import { stableJson } from "../../publish/meta.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { workplace } from "../project.ts";
import { parseNames, parseSample, parseSeed } from "../quantities.ts";

interface Flags extends OutputFlags, ProjectFlags {
  features?: string[];
  sample: number;
  seed: number;
  lock?: string;
  memory?: number;
}

const parsed = { kind: "parsed", optional: true } as const;

const leak = buildCommand<Flags, [string?], CliContext>({
  parameters: {
    flags: {
      features: {
        ...parsed,
        parse: parseNames,
        placeholder: "a,b",
        brief: "Features to audit: name, name@1.2.0, name:column+column; all by default",
      },
      sample: {
        kind: "parsed",
        parse: parseSample,
        default: "1000",
        placeholder: "n",
        brief: "Rows to recompute: of each feature, or of the file",
      },
      seed: {
        kind: "parsed",
        parse: parseSeed,
        default: "0",
        placeholder: "n",
        brief: "Another seed takes other rows; the same takes the same",
      },
      lock: {
        ...parsed,
        parse: String,
        placeholder: "file",
        brief: "The lock of FILE, where it lies elsewhere",
      },
      memory: { ...parsed, parse: parseBytes, placeholder: "2GB", brief: "Memory to recompute in" },
      ...projectFlags,
      ...outputFlags,
    },
    positional: {
      kind: "tuple",
      parameters: [{
        parse: String,
        optional: true,
        placeholder: "FILE",
        brief: "A training set of mlforge retrieve, Parquet or CSV, instead of published features",
      }],
    },
  },
  docs: {
    brief: "Recompute a sample of values from the raw sources, and compare",
    fullDescription:
      "Recomputes values by the SQL that defines them, and not by what built them: a value that knew the future, or\n" +
      "forgot the past, differs. Ends with 1 where one differs, or where something could not be checked.",
    customUsage: [
      "[FILE] [flags]",
      { input: "--features user_spend --sample 5000", brief: "a published feature" },
      { input: "training.parquet", brief: "a training set, by the lock that it carries" },
    ],
  },
  async func(flags, file) {
    const report = await audit(this, flags, file);
    if (flags.json) this.out(stableJson(report));
    else if (!flags.quiet) {
      const { leakText } = await import("../leak_report.ts");
      report.notes.forEach((note) => this.err(`${note}\n`));
      this.out(leakText(report, this));
    }
    const { verdict } = await import("../../audit/report.ts");
    const error = verdict(report);
    if (error !== undefined) throw error;
  },
});

async function audit(context: CliContext, flags: Flags, file: string | undefined): Promise<LeakReport> {
  const place = await workplace(context, flags);
  const { sample, seed, features, memory, lock } = flags;
  const request = {
    project: await place.project(),
    store: await place.store(),
    sample,
    seed,
    ...(features === undefined ? {} : { features }),
    ...(memory === undefined ? {} : { memory }),
  };
  if (file === undefined) {
    if (lock !== undefined) {
      throw new MlforgeError("usage", "--lock is of a training set: name its FILE, too");
    }
    const { auditFeatures } = await import("../../audit/audit_features.ts");
    return await auditFeatures(request);
  }
  const { auditFile } = await import("../../audit/audit_file.ts");
  return await auditFile({
    ...request,
    file: resolve(context.cwd, file),
    ...(lock === undefined ? {} : { lock: resolve(context.cwd, lock) }),
  });
}

export const auditRoutes = buildRouteMap({
  routes: { leak },
  docs: { brief: "Hold what was built against what the raw sources say" },
});
