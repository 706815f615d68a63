import { buildCommand } from "@stricli/core";
import { verify as runVerify, type VerifyReport } from "../../build/verify.ts";
import { MlforgeError } from "../../error.ts";
import { stableJson } from "../../publish/meta.ts";
import type { Finding } from "../../publish/verify.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { paint } from "../paint.ts";
import { workplace } from "../project.ts";
import { counted, formatCount } from "../quantities.ts";
import { table } from "../table.ts";

interface Flags extends OutputFlags, ProjectFlags {
  deep?: boolean;
  repair?: boolean;
  adopt?: boolean;
}

const boolean = { kind: "boolean", optional: true, withNegated: false } as const;

export const verify = buildCommand<Flags, [], CliContext>({
  parameters: {
    flags: {
      deep: { ...boolean, brief: "Read every byte of all data, and the Parquet footers" },
      repair: { ...boolean, brief: "Mend what can be mended without losing anything" },
      adopt: {
        ...boolean,
        brief: "On an object store: take pointers that something else moved as published",
      },
      ...projectFlags,
      ...outputFlags,
    },
  },
  docs: {
    brief: "Look for damage in the store, and mend it",
    fullDescription:
      "Holds pointers, metadata and data against each other. Absent data in a clone is no damage. Ends with 1 where\n" +
      "something is damaged; leftovers and what the next build completes are told only.",
    customUsage: [
      "[flags]",
      { input: "--deep", brief: "every byte, and what is in the Parquet files" },
      { input: "--repair", brief: "complete what was interrupted, write again what is missing" },
    ],
  },
  async func(flags) {
    const report = await runVerify({
      store: await (await workplace(this, flags)).store(),
      deep: flags.deep === true,
      repair: flags.repair === true,
      adopt: flags.adopt === true,
      command: ["mlforge", ...this.args].join(" "),
    });
    if (flags.json) this.out(stableJson(report));
    else if (!flags.quiet) this.out(reportText(report, this));
    const damaged = report.findings.filter(({ kind }) => kind === "damage");
    if (damaged.length === 0) return;
    throw new MlforgeError("failed", `Damaged: ${damaged.map(({ where }) => where).join(", ")}`, {
      hint: damaged.some(({ mendable }) => mendable) && !flags.repair
        ? "mlforge verify --repair mends some of it; the rest says what to do."
        : "Each finding says what to do.",
    });
  },
});

function reportText(
  report: VerifyReport,
  { colour, columns }: Pick<CliContext, "colour" | "columns">,
): string {
  const { bold } = paint(colour.stdout);
  const row = (kind: string, { where, what, hint }: Finding) => [kind, where, `${what}. ${hint}`];
  const rows = [
    ...report.mended.map((finding) => row("mended", { ...finding, hint: "" })),
    ...report.findings.map((finding) => row(finding.kind, finding)),
  ];
  const shown = rows.length === 0
    ? ""
    : table([{ title: "FOUND" }, { title: "WHERE" }, { title: "WHAT", flexible: true }], rows, {
      width: columns,
      title: bold,
    }) + "\n";
  return `${shown}${bold(totalLine(report))}\n`;
}

function totalLine({ features, versions, here, findings, mended }: VerifyReport): string {
  const seen = `Looked at ${counted(versions, "version")} of ${counted(features, "feature")}`;
  const away = versions - here;
  const count = (kind: Finding["kind"]) => findings.filter((finding) => finding.kind === kind).length;
  const said = [
    ...(away > 0 ? [`data not here ${formatCount(away)}`] : []),
    ...(mended.length > 0 ? [`mended ${mended.length}`] : []),
    ...(["damage", "unfinished", "leftover"] as const).flatMap((kind) =>
      count(kind) > 0 ? [`${kind} ${count(kind)}`] : []
    ),
  ];
  return `${seen}: ${said.length === 0 ? "all is right" : said.join(", ")}`;
}
