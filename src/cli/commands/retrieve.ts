import { resolve } from "node:path";
import { buildCommand } from "@stricli/core";
import { stableJson } from "../../publish/meta.ts";
import { parseBytes } from "../../bytes.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { paint } from "../paint.ts";
import { workplace } from "../project.ts";
import { formatCount, parseCount, parseNames, parsePair } from "../quantities.ts";
import { table } from "../table.ts";

interface Flags extends OutputFlags, ProjectFlags {
  labels: string;
  features: string[];
  output: string;
  time?: string;
  key?: [string, string][];
  memory?: number;
  threads?: number;
}

const parsed = { kind: "parsed", optional: true } as const;

export const retrieve = buildCommand<Flags, [], CliContext>({
  parameters: {
    flags: {
      labels: {
        kind: "parsed",
        parse: String,
        placeholder: "file",
        brief: "Parquet, CSV or JSON file of keys and times",
      },
      features: {
        kind: "parsed",
        parse: parseNames,
        placeholder: "a,b",
        brief: "Features to join, as name or name@1.2.0",
      },
      output: { kind: "parsed", parse: String, placeholder: "file", brief: "Parquet file to write" },
      time: { ...parsed, parse: String, placeholder: "column", brief: "The labels' column of times" },
      key: {
        ...parsed,
        parse: parsePair,
        variadic: true,
        placeholder: "key=column",
        brief: "Where the labels name a feature's key otherwise",
      },
      memory: { ...parsed, parse: parseBytes, placeholder: "2GB", brief: "Memory for the join" },
      threads: { ...parsed, parse: parseCount, placeholder: "n", brief: "Threads for the join" },
      ...projectFlags,
      ...outputFlags,
    },
    aliases: { o: "output" },
  },
  docs: {
    brief: "Join features to labels as they were known at each label's time",
    fullDescription:
      "Adds columns of features to each row of the labels, with the values that were known at the row's time and\n" +
      "never later ones. Rows and their order stay as they are.",
    customUsage: [
      "--labels FILE --features a,b --output FILE [flags]",
      {
        input: "--labels data/orders.csv --time ordered_at --features user_spend -o training.parquet",
        brief: "what was known of each order's user when it was made",
      },
      {
        input:
          "--labels data/orders.csv --features user_spend@1.0.0 --key user_id=user_id -o training.parquet",
        brief: "of one version; --key says where the labels' name of a key is another",
      },
    ],
  },
  async func(flags) {
    const publisher = await (await workplace(this, flags)).publisher();
    const { retrieve: join } = await import("../../retrieve/retrieve.ts");
    const output = resolve(this.cwd, flags.output);
    const report = await join({
      publisher,
      labels: resolve(this.cwd, flags.labels),
      features: flags.features,
      output,
      ...(flags.time === undefined ? {} : { time: flags.time }),
      ...(flags.key === undefined || flags.key.length === 0 ? {} : { keys: Object.fromEntries(flags.key) }),
      ...(flags.memory === undefined ? {} : { memory: flags.memory }),
      ...(flags.threads === undefined ? {} : { threads: flags.threads }),
    });
    if (flags.json) return this.out(stableJson({ ...report, output }));
    if (flags.quiet) return;
    const { bold } = paint(this.colour.stdout);
    this.out(table(
      [{ title: "FEATURE" }, { title: "VERSION" }, { title: "MATCHED", align: "right" }, {
        title: "NO MATCH",
        align: "right",
      }, { title: "BEYOND DATA", align: "right" }],
      report.features.map((f) => [
        f.feature,
        f.version,
        formatCount(f.matched),
        formatCount(f.unmatched),
        formatCount(f.beyond),
      ]),
      { width: this.columns, title: bold },
    ));
    this.out(`\nWrote ${formatCount(report.rows)} rows to ${flags.output}\n`);
  },
});
