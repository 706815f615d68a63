import { buildCommand } from "@stricli/core";
import { stableJson } from "../../publish/meta.ts";
import type { LogEntry } from "../../publish/publisher.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { paint } from "../paint.ts";
import { describeStore, workplace } from "../project.ts";
import { parseCount, shortTime } from "../quantities.ts";
import { table } from "../table.ts";

interface Flags extends OutputFlags, ProjectFlags {
  limit: number;
}

export const log = buildCommand<Flags, [], CliContext>({
  parameters: {
    flags: {
      limit: { kind: "parsed", parse: parseCount, default: "20", placeholder: "n", brief: "Batches at most" },
      ...projectFlags,
      ...outputFlags,
    },
  },
  docs: {
    brief: "Show which builds published what, newest first",
    fullDescription:
      "On an object store every commit, rollbacks and retirements too, of its own records. In a folder the builds whose\n" +
      "metadata is here; there git's log tells who moved a pointer.",
    customUsage: ["[flags]", { input: "--limit 3 --json", brief: "the last three, for a script" }],
  },
  async func(flags) {
    const place = await workplace(this, flags);
    const publisher = await place.publisher();
    const batches: LogEntry[] = [];
    for await (const entry of publisher.log()) {
      batches.push(entry);
      if (batches.length === flags.limit) break;
    }
    if (flags.json) return this.out(stableJson({ batches }));
    if (batches.length === 0 && !flags.quiet) {
      return this.err(`Nothing was published in ${describeStore(await place.store(), this.cwd)}.\n`);
    }
    const { bold } = paint(this.colour.stdout);
    this.out(table(
      [{ title: "WHEN" }, { title: "TX" }, { title: "WHAT" }, { title: "FEATURES", flexible: true }],
      batches.map((entry) => [
        shortTime(entry.at),
        entry.tx,
        entry.command ?? entry.tool,
        entry.features.map(featureText).join(", "),
      ]),
      { width: this.columns, title: bold },
    ));
  },
});

function featureText({ feature, from, to }: LogEntry["features"][number]): string {
  return from === undefined ? `${feature} ${to ?? "retired"}` : `${feature} ${from} -> ${to ?? "retired"}`;
}
