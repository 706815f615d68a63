import { dirname, join, resolve } from "node:path";
import { buildCommand } from "@stricli/core";
import { parseDuration } from "../../definitions/duration.ts";
import { MlforgeError } from "../../error.ts";
import { parseAddress } from "../../fetch/object.ts";
import { stableJson } from "../../publish/meta.ts";
import { parseBytes } from "../../bytes.ts";
import type { LabelFormat, OutputFormat } from "../../retrieve/formats.ts";
import type { RetrieveReport, RetrieveRequest } from "../../retrieve/retrieve.ts";
import type { AfterWatermark } from "../../retrieve/rules.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { paint } from "../paint.ts";
import { workplace } from "../project.ts";
import { formatBytes, formatCount, parseCount, parseNames, parsePair } from "../quantities.ts";
import { shortPath } from "../short_path.ts";
import { table } from "../table.ts";

interface Flags extends OutputFlags, ProjectFlags {
  labels?: string;
  features?: string[];
  output: string;
  time?: string;
  key?: [string, string][];
  "labels-format": LabelFormat;
  format?: OutputFormat;
  "after-watermark"?: AfterWatermark;
  "max-age"?: [string, number][];
  fill?: [string | undefined, string][];
  lock?: string;
  locked?: string;
  memory?: number;
  threads?: number;
}

const parsed = { kind: "parsed", optional: true } as const;

export const retrieve = buildCommand<Flags, [], CliContext>({
  parameters: {
    flags: {
      labels: {
        ...parsed,
        parse: String,
        placeholder: "file",
        brief:
          "Parquet, CSV or JSON of keys and times: a file, a glob, s3:// or gs://, or - for standard input",
      },
      features: {
        ...parsed,
        parse: parseNames,
        placeholder: "a,b",
        brief: "Features to join: name, name@1.2.0, name:column+column",
      },
      output: {
        kind: "parsed",
        parse: String,
        placeholder: "file",
        brief: "File to write (.parquet, .csv, .arrow), or - for standard output",
      },
      time: { ...parsed, parse: String, placeholder: "column", brief: "The labels' column of times" },
      key: {
        ...parsed,
        parse: parsePair,
        variadic: true,
        placeholder: "key=column",
        brief: "Where the labels name a feature's key otherwise",
      },
      "labels-format": {
        kind: "enum",
        values: ["parquet", "csv", "json"],
        default: "csv",
        brief: "Format of labels on standard input",
      },
      format: {
        kind: "enum",
        values: ["parquet", "csv", "arrow"],
        optional: true,
        brief: "Format of the output; else by its ending, CSV on standard output",
      },
      "after-watermark": {
        kind: "enum",
        values: ["null", "error", "use"],
        optional: true,
        brief: "Labels beyond a feature's data get NULL (as by default), are an error, or get its last row",
      },
      "max-age": {
        ...parsed,
        parse: parseAge,
        variadic: true,
        placeholder: "feature=7d",
        brief: "Rows of a feature that are older than this at the label's time count as none",
      },
      fill: {
        ...parsed,
        parse: parseFill,
        variadic: true,
        placeholder: "[column=]value",
        brief: "Instead of NULL for labels without a row: in a column, or in all columns of numbers",
      },
      lock: {
        ...parsed,
        parse: String,
        placeholder: "file",
        brief: "Where to write the lock; else beside the output",
      },
      locked: {
        ...parsed,
        parse: String,
        placeholder: "lock",
        brief: "Make what a lock describes again, to the byte, or say what is gone",
      },
      memory: { ...parsed, parse: parseBytes, placeholder: "2GB", brief: "Memory for the join" },
      threads: { ...parsed, parse: parseCount, placeholder: "n", brief: "Threads for the join" },
      ...projectFlags,
      ...outputFlags,
      verbose: {
        ...outputFlags.verbose,
        brief: "Say what was read of data in a bucket; add causes and traces to errors",
      },
    },
    aliases: { o: "output" },
  },
  docs: {
    brief: "Join features to labels as they were known at each label's time",
    fullDescription:
      "Adds columns of features to each row of the labels, with the values that were known at the row's time and\n" +
      "never later ones. Rows and their order stay as they are. A lock beside the output says what it was made of.",
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
      {
        input: "--locked training.lock.json -o again.parquet",
        brief: "the same bytes again, on another machine too",
      },
    ],
  },
  async func(flags) {
    const place = await workplace(this, flags);
    const [publisher, store] = [await place.publisher(), await place.store()];
    const { retrieve: run } = await import("../../retrieve/retrieve.ts");
    const piped = flags.output === "-";
    const folder = piped ? await Deno.makeTempDir({ prefix: "mlforge-retrieve-" }) : undefined;
    try {
      const output = folder === undefined ? located(this, flags.output) : pathIn(folder, flags.format);
      const report = await run({ ...await requestOf(this, flags), publisher, store, output });
      if (folder === undefined) return printReport(this, flags, report);
      await this.pass((await Deno.open(output)).readable);
    } finally {
      if (folder !== undefined) await Deno.remove(folder, { recursive: true });
    }
  },
});

function pathIn(folder: string, format: OutputFormat = "csv"): string {
  return join(folder, `output.${format}`);
}

type Asked = Omit<RetrieveRequest, "publisher" | "store" | "output">;

/** What the flags ask for; with `--locked`, what the lock does, and only where it lies is up to the flags. */
async function requestOf(context: CliContext, flags: Flags): Promise<Asked> {
  const { memory, threads, locked } = flags;
  const common = {
    ...(flags.lock === undefined ? {} : { lock: resolve(context.cwd, flags.lock) }),
    ...(memory === undefined ? {} : { memory }),
    ...(threads === undefined ? {} : { threads }),
  };
  const labels = flags.labels === undefined
    ? undefined
    : labelsFrom(context, flags.labels, flags["labels-format"]);
  if (locked !== undefined) {
    refuseBesideLock(flags);
    const { readLock, requestOf } = await import("../../retrieve/lock.ts");
    const file = resolve(context.cwd, locked);
    const lock = await readLock(file);
    return {
      ...requestOf(lock, dirname(file)),
      ...(labels === undefined ? {} : { labels }),
      locked: lock,
      ...common,
    };
  }
  const { features } = flags;
  if (labels === undefined || features === undefined) {
    throw new MlforgeError(
      "usage",
      `Nothing to retrieve without ${labels === undefined ? "--labels" : "--features"}`,
      {
        hint: "Name labels and features, or --locked with the lock of a training set.",
      },
    );
  }
  const { time, format, fill = [] } = flags;
  const numbers = fill.findLast(([column]) => column === undefined)?.[1];
  return {
    labels,
    features,
    ...(time === undefined ? {} : { time }),
    ...(format === undefined ? {} : { format }),
    keys: Object.fromEntries(flags.key ?? []),
    ...(flags["after-watermark"] === undefined ? {} : { afterWatermark: flags["after-watermark"] }),
    maxAge: Object.fromEntries(flags["max-age"] ?? []),
    fill: {
      ...(numbers === undefined ? {} : { numbers }),
      columns: Object.fromEntries(
        fill.flatMap(([column, value]) => column === undefined ? [] : [[column, value]]),
      ),
    },
    ...common,
  };
}

function labelsFrom(context: CliContext, labels: string, format: LabelFormat): Asked["labels"] {
  return labels === "-" ? { stream: context.stdin(), format } : located(context, labels);
}

/** Absolute, or an address. */
function located(context: CliContext, path: string): string {
  return parseAddress(path) === undefined ? resolve(context.cwd, path) : path;
}

/** A lock says all of it: what is typed beside it would be ignored, or make something else. */
function refuseBesideLock(flags: Flags): void {
  const decided = ["features", "time", "key", "format", "after-watermark", "max-age", "fill"] as const;
  const typed = decided.find((flag) => flags[flag] !== undefined && Object(flags[flag]).length !== 0);
  if (typed === undefined) return;
  throw new MlforgeError("usage", `--${typed} can't be changed with --locked: the lock says it`);
}

function printReport(context: CliContext, flags: Flags, report: RetrieveReport): void {
  if (flags.json) return context.out(stableJson(report));
  if (flags.quiet) return;
  report.notes.forEach((note) => context.err(`${note}\n`));
  const { bold } = paint(context.colour.stdout);
  const old = report.features.some((f) => f.too_old > 0);
  context.out(table(
    [
      { title: "FEATURE" },
      { title: "VERSION" },
      { title: "MATCHED", align: "right" },
      { title: "NO MATCH", align: "right" },
      { title: "BEYOND DATA", align: "right" },
      ...(old ? [{ title: "TOO OLD", align: "right" as const }] : []),
    ],
    report.features.map((f) => [
      f.feature,
      f.version,
      formatCount(f.matched),
      formatCount(f.unmatched),
      formatCount(f.beyond),
      ...(old ? [formatCount(f.too_old)] : []),
    ]),
    { width: context.columns, title: bold },
  ));
  if (flags.verbose) report.features.forEach((feature) => context.err(readOf(feature)));
  const lock = shortPath(report.lock, context.cwd);
  context.out(`\nWrote ${formatCount(report.rows)} rows to ${flags.output}, and ${lock}\n`);
}

/** What was read of a feature's data in a bucket, as a line; nothing where it was here. */
function readOf({ feature, version, read }: RetrieveReport["features"][number]): string {
  if (read === undefined) return "";
  const { bytes, size, requests } = read;
  if (requests === undefined) return `Read all of ${feature} ${version}, ${formatBytes(bytes)}\n`;
  return `Read ${formatBytes(bytes)} of the ${formatBytes(size)} of ${feature} ${version}, ` +
    `${read.row_groups} of ${read.all_row_groups} row groups, by ${formatCount(requests)} requests\n`;
}

/** `user_spend=7d`, in seconds. */
function parseAge(text: string): [string, number] {
  const [feature, age] = parsePair(text);
  const duration = parseDuration(age);
  if (duration !== undefined) return [feature, duration.seconds];
  throw new MlforgeError("usage", `"${age}" is not a length of time`, {
    hint: "Write it as 15m, 6h, 7d or 2w.",
  });
}

/** `column=value`, or a value for all columns of numbers. */
function parseFill(text: string): [string | undefined, string] {
  return text.includes("=") ? parsePair(text) : [undefined, text];
}
