import { buildCommand } from "@stricli/core";
import { build as runBuild } from "../../build/build.ts";
import type { BuildReport, BuildRequest } from "../../build/report.ts";
import { parseBytes } from "../../bytes.ts";
import { MlforgeError, throwAll } from "../../error.ts";
import { lazily } from "../../lazy.ts";
import { stableJson } from "../../publish/meta.ts";
import {
  failureMarkdown,
  planText,
  previewText,
  reportJson,
  reportMarkdown,
  reportText,
} from "../build_report.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { writeSummary } from "../job_summary.ts";
import { progress } from "../progress.ts";
import { renderWarnings } from "../render_error.ts";
import { workplace } from "../project.ts";
import { parseCount, parseNames, parseSeconds, parseVersion } from "../quantities.ts";

interface Flags extends OutputFlags, ProjectFlags {
  features?: string[];
  tags?: string[];
  version?: string;
  force?: boolean;
  "keep-going"?: boolean;
  "dry-run"?: boolean;
  check?: boolean;
  preview?: boolean;
  workers?: number;
  memory?: number;
  timeout?: number;
}

/** Rows of each feature that `--preview` shows. */
const PREVIEW_ROWS = 10;

const boolean = { kind: "boolean", optional: true, withNegated: false } as const;
const parsed = { kind: "parsed", optional: true } as const;

export const build = buildCommand<Flags, [string?], CliContext>({
  parameters: {
    flags: {
      features: { ...parsed, parse: parseNames, placeholder: "a,b", brief: "Only these features" },
      tags: {
        ...parsed,
        parse: parseNames,
        placeholder: "a,b",
        brief: "Only features with one of these tags",
      },
      "dry-run": { ...boolean, brief: "Say what would be built, and why" },
      check: { ...boolean, brief: "Exit 1 if definitions and published features disagree; needs no data" },
      preview: { ...boolean, brief: `Show the first ${PREVIEW_ROWS} rows; publish nothing` },
      version: { ...parsed, parse: parseVersion, placeholder: "X.Y.Z", brief: "Version to publish as" },
      force: { ...boolean, brief: "Build even if nothing changed" },
      "keep-going": { ...boolean, brief: "Publish the features that succeed though others fail" },
      workers: { ...parsed, parse: parseCount, placeholder: "n", brief: "Features to build at once" },
      memory: { ...parsed, parse: parseBytes, placeholder: "2GB", brief: "Memory for all of the build" },
      timeout: { ...parsed, parse: parseSeconds, placeholder: "5m", brief: "Longest time for one feature" },
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
    brief: "Compute what changed, and publish it",
    fullDescription:
      "Builds every feature whose definition or source changed since it was published, and publishes all of\n" +
      "them at one moment, or none. What did not change is not computed.",
    customUsage: [
      "[TARGET] [flags]",
      { input: "--dry-run", brief: "what would be built, and why" },
      { input: "--features user_spend,user_large_orders", brief: "these two only" },
      { input: "--profile dev --json", brief: "into that profile's store, with a report for a script" },
      { input: "--check", brief: "in a pull request: do definitions need a build?" },
    ],
  },
  async func(flags, target) {
    const [mode, second] = (["dry-run", "check", "preview"] as const).filter((name) => flags[name]);
    if (second !== undefined) {
      throw new MlforgeError("usage", "--dry-run, --check and --preview can't go together", {
        hint: "Choose one of them.",
      });
    }
    const place = await workplace(this, flags, target);
    const request = buildRequest(this, flags, {
      project: await place.project(),
      store: await place.store(),
    });
    switch (mode) {
      case "dry-run":
        return await dryRun(this, flags, request);
      case "check":
        return await check(this, flags, request);
      case "preview":
        return await preview(this, flags, request);
      default:
        return await publish(this, flags, request);
    }
  },
});

function buildRequest(
  context: CliContext,
  flags: Flags,
  place: Pick<BuildRequest, "project" | "store">,
): BuildRequest {
  const { features, tags, version, workers, memory, timeout } = flags;
  return {
    ...place,
    ...(features === undefined ? {} : { features }),
    ...(tags === undefined ? {} : { tags }),
    ...(version === undefined ? {} : { version }),
    ...(workers === undefined ? {} : { workers }),
    ...(memory === undefined ? {} : { memory }),
    ...(timeout === undefined ? {} : { timeout }),
    force: flags.force === true,
    keepGoing: flags["keep-going"] === true,
    now: context.now(),
    command: ["mlforge", ...context.args].join(" "),
  };
}

async function publish(context: CliContext, flags: Flags, request: BuildRequest): Promise<void> {
  const shown = await progress(context, flags.quiet === true);
  let started = false;
  let report: BuildReport;
  try {
    report = await runBuild({
      ...request,
      signal: context.signal(),
      onEvent(event) {
        started ||= event.kind === "started" || event.kind === "failed";
        shown.onEvent(event);
      },
    });
  } catch (thrown) {
    shown.stop();
    const certain = thrown instanceof MlforgeError && thrown.code !== "unknown_outcome";
    if (certain && started && !flags.quiet && !flags.json) context.err("Nothing was published.\n");
    if (certain) await writeSummary(context, failureMarkdown(thrown, context.cwd));
    throw thrown;
  }
  shown.stop();
  await writeSummary(context, reportMarkdown(report, context.cwd));
  if (report.warnings.length > 0) context.err(renderWarnings(report.warnings, context));
  if (flags.json) context.out(stableJson(reportJson(report)));
  else if (!flags.quiet) context.out(reportText(report, context));
  throwAll(report.items.flatMap((item) => item.error ?? []));
}

async function dryRun(context: CliContext, flags: Flags, request: BuildRequest): Promise<void> {
  const { plan } = await lazily<typeof import("../../build/plan.ts")>("../../build/plan.ts", import.meta.url);
  const items = await plan(request);
  context.out(flags.json ? stableJson({ items }) : planText(items, context));
}

async function check(context: CliContext, flags: Flags, request: BuildRequest): Promise<void> {
  const { check } = await lazily<typeof import("../../build/check.ts")>(
    "../../build/check.ts",
    import.meta.url,
  );
  const items = await check(request);
  if (flags.json) context.out(stableJson({ items }));
  else if (!flags.quiet) context.out(planText(items, context));
  const differ = items.filter((item) => item.status !== "unchanged").map((item) => item.feature);
  if (differ.length === 0) return;
  throw new MlforgeError("failed", `Definitions and published features differ: ${differ.join(", ")}`, {
    hint: "Run mlforge build, and commit what it writes.",
  });
}

async function preview(context: CliContext, flags: Flags, request: BuildRequest): Promise<void> {
  const { preview } = await lazily<typeof import("../../build/preview.ts")>(
    "../../build/preview.ts",
    import.meta.url,
  );
  const previews = await preview(request, PREVIEW_ROWS);
  context.out(flags.json ? stableJson({ previews }) : previewText(previews, context));
}
