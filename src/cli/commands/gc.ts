import { buildCommand } from "@stricli/core";
import { MlforgeError } from "../../error.ts";
import type { KeepPolicy } from "../../publish/keep.ts";
import { stableJson } from "../../publish/meta.ts";
import type { Collected } from "../../publish/publisher.ts";
import { VERSION } from "../../version.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { paint } from "../paint.ts";
import { workplace } from "../project.ts";
import { counted, formatBytes, parseAge, parseCount } from "../quantities.ts";
import { table } from "../table.ts";

interface Flags extends OutputFlags, ProjectFlags {
  keep?: number;
  "older-than"?: number;
  grace: number;
  "dry-run"?: boolean;
  yes?: boolean;
}

const boolean = { kind: "boolean", optional: true, withNegated: false } as const;

export const gc = buildCommand<Flags, [], CliContext>({
  parameters: {
    flags: {
      keep: {
        kind: "parsed",
        parse: parseCount,
        optional: true,
        placeholder: "n",
        brief: "Of each feature keep so many of the newest versions; else the profile's keep:, else all",
      },
      "older-than": {
        kind: "parsed",
        parse: parseAge,
        optional: true,
        placeholder: "90d",
        brief: "Only versions that were built longer ago",
      },
      grace: {
        kind: "parsed",
        parse: parseAge,
        default: "1h",
        placeholder: "1h",
        brief: "Nothing younger goes: readers may be at it",
      },
      "dry-run": { ...boolean, brief: "Say what would be deleted" },
      yes: { ...boolean, brief: "Delete it" },
      ...projectFlags,
      ...outputFlags,
    },
  },
  docs: {
    brief: "Delete data that nothing names, and old versions",
    fullDescription:
      "Deletes data that no commit names (a build died, another branch left it) and, with --keep or --older-than, old\n" +
      "versions; what is published stays. In a folder metadata stays as well. Without --yes it only says what would go.",
    customUsage: [
      "[flags]",
      { input: "--keep 5 --dry-run", brief: "what would go, were five versions of each feature kept?" },
      { input: "--keep 5 --older-than 90d --yes", brief: "delete what is neither among the five nor young" },
    ],
  },
  async func(flags) {
    if (flags.yes && flags["dry-run"]) {
      throw new MlforgeError("usage", "--yes and --dry-run can't go together", {
        hint: "Choose one of them.",
      });
    }
    const place = await workplace(this, flags);
    const publisher = await place.publisher();
    const policy = policyOf(flags, place.config.keep, this.now());
    const command = ["mlforge", ...this.args].join(" ");
    const collected = flags.yes
      ? await publisher.collect(policy, { tool: `mlforge ${VERSION}`, command })
      : await publisher.wouldCollect(policy);
    if (flags.json) return this.out(stableJson({ deleted: flags.yes === true, ...collected }));
    if (flags.quiet) return;
    this.out(collectedText(collected, flags.yes === true, this));
    const asked = flags.yes || flags["dry-run"] || collected.versions.length === 0;
    if (!asked) this.err("Nothing was deleted: --yes does it.\n");
  },
});

function policyOf(
  { keep: asked, "older-than": age, grace }: Flags,
  ofProfile: number | undefined,
  now: Date,
): KeepPolicy {
  const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);
  const keep = asked ?? ofProfile;
  return {
    ...(keep === undefined ? {} : { keep }),
    ...(age === undefined ? {} : { before: ago(age) }),
    grace: ago(grace),
  };
}

const WHY = { uncommitted: "no commit names it", old: "an old version" };

function collectedText(
  { versions, uploads = 0 }: Collected,
  deleted: boolean,
  { colour, columns }: Pick<CliContext, "colour" | "columns">,
): string {
  const { bold } = paint(colour.stdout);
  const rows = versions.map((
    { feature, version, bytes, why },
  ) => [feature, version, formatBytes(bytes), WHY[why]]);
  const listed = rows.length === 0 ? "" : table(
    [{ title: "FEATURE" }, { title: "VERSION" }, { title: "SIZE", align: "right" }, {
      title: "WHY",
      flexible: true,
    }],
    rows,
    { width: columns, title: bold },
  ) + "\n";
  const bytes = versions.reduce((sum, version) => sum + version.bytes, 0);
  const total = versions.length === 0
    ? "Nothing to delete"
    : `${deleted ? "Deleted" : "Would delete"} data of ${counted(versions.length, "version")}, ${
      formatBytes(bytes)
    }`;
  return `${listed}${bold(total)}${uploads > 0 ? `; gave up ${uploads} unfinished uploads` : ""}\n`;
}
