import { buildCommand } from "@stricli/core";
import { MlforgeError } from "../../error.ts";
import { stableJson } from "../../publish/meta.ts";
import {
  planPromote,
  promote as runPromote,
  type PromoteItem,
  type PromoteRequest,
} from "../../publish/promote.ts";
import { VERSION } from "../../version.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { paint } from "../paint.ts";
import { progress } from "../progress.ts";
import { describeStore, workplace } from "../project.ts";
import { formatBytes, formatCount, parseFeature } from "../quantities.ts";
import { table } from "../table.ts";

interface Flags extends OutputFlags, Pick<ProjectFlags, "config"> {
  from: string;
  to: string;
  "dry-run"?: boolean;
}

type FeatureArgument = ReturnType<typeof parseFeature>;

const profileFlag = { kind: "parsed", parse: String, placeholder: "profile" } as const;

export const promote = buildCommand<Flags, FeatureArgument[], CliContext>({
  parameters: {
    flags: {
      from: { ...profileFlag, brief: "Profile of the store that has the versions" },
      to: { ...profileFlag, brief: "Profile of the store that they are brought to" },
      "dry-run": { kind: "boolean", optional: true, withNegated: false, brief: "Say what would be promoted" },
      config: projectFlags.config,
      ...outputFlags,
    },
    positional: {
      kind: "array",
      minimum: 1,
      parameter: { parse: parseFeature, placeholder: "FEATURE", brief: "name, or name@1.2.0" },
    },
  },
  docs: {
    brief: "Bring published versions from one store to another, as they are",
    fullDescription:
      "Brings the same bytes under the same version numbers, and computes nothing. All of them become the published\n" +
      "ones at one moment, or none. Refused where the other store has that number with other content.",
    customUsage: [
      "FEATURE... --from PROFILE --to PROFILE [flags]",
      { input: "user_spend --from staging --to production", brief: "what staging publishes now" },
      {
        input: "user_spend@1.2.0 user_clicks --from staging --to production --dry-run",
        brief: "what would happen",
      },
    ],
  },
  async func(flags, ...features) {
    const request = await promoteRequest(this, flags, features);
    if (flags["dry-run"]) {
      const items = await planPromote(request);
      return this.out(flags.json ? stableJson({ items }) : itemsText(items, this, "would be promoted"));
    }
    const shown = await progress(this, flags.quiet === true);
    const { onEvent } = shown;
    const report = await runPromote({ ...request, signal: this.signal(), onEvent }).finally(() =>
      shown.stop()
    );
    if (flags.json) return this.out(stableJson({ ...report, tx: report.tx ?? null }));
    if (flags.quiet) return;
    report.notes.forEach((note) => this.err(`${note}\n`));
    this.out(itemsText(report.items, this, "promoted"));
  },
});

async function promoteRequest(
  context: CliContext,
  flags: Flags,
  features: readonly FeatureArgument[],
): Promise<PromoteRequest> {
  const { from, to } = flags;
  const source = await workplace(context, { ...flags, profile: from });
  const target = await workplace(context, { ...flags, profile: to });
  const [here, there] = [await source.store(), await target.store()];
  if (stableJson(here) === stableJson(there)) {
    throw new MlforgeError(
      "usage",
      `"${from}" and "${to}" are one store, ${describeStore(here, context.cwd)}`,
      {
        hint: "--from and --to name profiles of two stores.",
      },
    );
  }
  return {
    source: await source.publisher(),
    sourceStore: here,
    target: await target.publisher(),
    from,
    to,
    features,
    who: { tool: `mlforge ${VERSION}`, command: ["mlforge", ...context.args].join(" ") },
  };
}

function itemsText(
  items: readonly PromoteItem[],
  { colour, columns }: Pick<CliContext, "colour" | "columns">,
  promoted: string,
): string {
  const { bold } = paint(colour.stdout);
  return table(
    [
      { title: "FEATURE" },
      { title: "VERSION" },
      { title: "ROWS", align: "right" },
      { title: "SIZE", align: "right" },
      { title: "WHAT" },
    ],
    items.map(({ feature, version, previous, rows, bytes, outcome }) => [
      feature,
      previous === undefined || outcome === "unchanged" ? version : `${previous} -> ${version}`,
      formatCount(rows),
      formatBytes(bytes),
      outcome === "promoted" ? promoted : "published there already",
    ]),
    { width: columns, title: bold },
  );
}
