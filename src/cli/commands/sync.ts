import { buildCommand } from "@stricli/core";
import { sync as runSync, type SyncRequest } from "../../build/sync.ts";
import type { SyncItem, SyncReport } from "../../build/sync/report.ts";
import { parseBytes } from "../../bytes.ts";
import { throwAll } from "../../error.ts";
import { stableJson } from "../../publish/meta.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { paint } from "../paint.ts";
import { progress } from "../progress.ts";
import { storeOf, workplace } from "../project.ts";
import {
  formatBytes,
  formatCount,
  formatSeconds,
  parseCount,
  parseNames,
  parseSeconds,
  parseVersion,
} from "../quantities.ts";
import { table } from "../table.ts";

interface Flags extends OutputFlags, ProjectFlags {
  features?: string[];
  version?: string;
  check?: boolean;
  "dry-run"?: boolean;
  from?: string;
  workers?: number;
  memory?: number;
  timeout?: number;
}

const boolean = { kind: "boolean", optional: true, withNegated: false } as const;
const parsed = { kind: "parsed", optional: true } as const;

export const sync = buildCommand<Flags, [], CliContext>({
  parameters: {
    flags: {
      features: { ...parsed, parse: parseNames, placeholder: "a,b", brief: "Only these features" },
      version: {
        ...parsed,
        parse: parseVersion,
        placeholder: "X.Y.Z",
        brief: "This version, not the published one",
      },
      check: {
        ...boolean,
        brief: "Read every byte of the data that is here, to find what was changed by hand",
      },
      "dry-run": { ...boolean, brief: "Say what would be brought back; do nothing" },
      from: {
        ...parsed,
        parse: String,
        placeholder: "profile",
        brief: "Take data from that profile's store where it has the same content",
      },
      workers: { ...parsed, parse: parseCount, placeholder: "n", brief: "Features to compute at once" },
      memory: { ...parsed, parse: parseBytes, placeholder: "2GB", brief: "Memory for all of it" },
      timeout: { ...parsed, parse: parseSeconds, placeholder: "5m", brief: "Longest time for one feature" },
      ...projectFlags,
      ...outputFlags,
    },
  },
  docs: {
    brief: "Bring back the data that a clone came without",
    fullDescription:
      "Finds the published versions whose data is not here (git keeps metadata, not data), computes them again,\n" +
      "and puts each in place once it is proved to be the same. Publishes nothing.",
    customUsage: [
      "[flags]",
      { input: "--dry-run", brief: "what is not here, and can it be brought back?" },
      { input: "--features user_spend --version 1.0.0", brief: "an older version of one feature" },
      { input: "--from production", brief: "copy instead of computing, where that store has the same" },
      { input: "--check", brief: "was any data changed by hand? Put it right" },
    ],
  },
  async func(flags) {
    const place = await workplace(this, flags);
    const { features, version, workers, memory, timeout } = flags;
    const request: SyncRequest = {
      project: place.project,
      store: await place.store(),
      command: ["mlforge", ...this.args].join(" "),
      thorough: flags.check === true,
      dryRun: flags["dry-run"] === true,
      ...(flags.from === undefined
        ? {}
        : { from: { name: flags.from, store: await storeOf(this, flags, flags.from) } }),
      ...(features === undefined ? {} : { features }),
      ...(version === undefined ? {} : { version }),
      ...(workers === undefined ? {} : { workers }),
      ...(memory === undefined ? {} : { memory }),
      ...(timeout === undefined ? {} : { timeout }),
    };
    const shown = await progress(this, flags.quiet === true);
    let report: SyncReport;
    try {
      report = await runSync({ ...request, signal: this.signal(), onEvent: shown.onEvent });
    } finally {
      shown.stop();
    }
    if (flags.json) this.out(stableJson(reportJson(report)));
    else if (!flags.quiet) this.out(reportText(report, this));
    throwAll(report.items.flatMap((item) => item.error ?? []));
  },
});

function reportJson({ items, notes, seconds }: SyncReport): unknown {
  return {
    items: items.map(({ error, ...item }) => ({
      ...item,
      ...(error === undefined ? {} : { error: error.toPlain() }),
    })),
    notes,
    seconds,
  };
}

function reportText(report: SyncReport, { colour, columns }: Pick<CliContext, "colour" | "columns">): string {
  const { bold } = paint(colour.stdout);
  const shown = report.items.filter((item) => item.outcome !== "here");
  const rows = shown.length === 0 ? "" : table(
    [
      { title: "FEATURE" },
      { title: "VERSION" },
      { title: "ROWS", align: "right" },
      { title: "SIZE", align: "right" },
      { title: "WHAT", flexible: true },
    ],
    shown.map((item) => [
      item.feature,
      item.version,
      item.rows === undefined ? "" : formatCount(item.rows),
      item.bytes === undefined ? "" : formatBytes(item.bytes),
      whatOf(item),
    ]),
    { width: columns, title: bold },
  ) + "\n";
  return `${rows}${bold(totalLine(report))}\n`;
}

function whatOf({ outcome, state, proof, from, error }: SyncItem): string {
  const found = state === "absent" ? "was not here" : "was changed";
  switch (outcome) {
    case "restored":
      return proof === "rows"
        ? `${found}; built again: the same rows`
        : `${found}; built again: the same bytes`;
    case "copied":
      return `${found}; copied from ${from}: the same bytes`;
    case "missing":
      return `${state === "absent" ? "is not here" : "was changed"}: to be ${
        from === undefined ? "built again" : `copied from ${from}`
      }`;
    default:
      return error?.message ?? "";
  }
}

function totalLine({ items, seconds }: SyncReport): string {
  const said: string[] = [];
  for (const outcome of ["restored", "copied", "missing", "failed", "here"] as const) {
    const count = items.filter((item) => item.outcome === outcome).length;
    if (count > 0) said.push(`${outcome === "here" ? "here already" : outcome} ${count}`);
  }
  const text = said.length === 0 ? "nothing is published" : said.join(", ");
  return `${text[0]?.toUpperCase()}${text.slice(1)}, in ${formatSeconds(seconds)}`;
}
