import { buildCommand, buildRouteMap } from "@stricli/core";
import type { Feature } from "../../definitions/model.ts";
import { MlforgeError } from "../../error.ts";
import { suggestName } from "../../nearest.ts";
import { type Meta, stableJson } from "../../publish/meta.ts";
import type { Publisher } from "../../publish/publisher.ts";
import type { StoreConfig } from "../../stores/config.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { paint } from "../paint.ts";
import { DATA_STATES, findVersion, metadataOf, workplace } from "../project.ts";
import { formatBytes, formatCount, parseFeature } from "../quantities.ts";
import { statisticsText } from "../statistics.ts";
import { table } from "../table.ts";
import { visible } from "../text_width.ts";

type Flags = OutputFlags & ProjectFlags;

function nameArgument<T>(parse: (text: string) => T, brief: string) {
  return { kind: "tuple", parameters: [{ parse, placeholder: "NAME", brief }] } as const;
}

const feature = buildCommand<Flags & { stats?: boolean }, [ReturnType<typeof parseFeature>], CliContext>({
  parameters: {
    flags: {
      stats: { kind: "boolean", optional: true, withNegated: false, brief: "Show what the values are like" },
      ...projectFlags,
      ...outputFlags,
    },
    positional: nameArgument(parseFeature, "name, or name@1.2.0"),
  },
  docs: {
    brief: "Show a feature's published metadata, or its definition where nothing is published",
    customUsage: [
      "NAME [flags]",
      { input: "user_spend@1.0.0", brief: "an older version" },
      { input: "user_spend --stats", brief: "statistics of its columns, with histograms" },
      { input: "user_spend --json", brief: "the whole metadata" },
    ],
  },
  async func(flags, wanted) {
    const place = await workplace(this, flags);
    const publisher = await place.publisher();
    const snapshot = await publisher.read();
    if (wanted.version === undefined && !snapshot.features.has(wanted.name)) {
      const defined = (await place.projectIfAny())?.features.find((f) => f.name === wanted.name);
      if (defined !== undefined) return showDefinition(this, flags, defined);
    }
    const version = await findVersion(wanted, publisher, snapshot);
    const meta = await metadataOf(publisher, wanted.name, version);
    if (flags.stats) return showStatistics(this, flags, meta);
    if (flags.json) return this.out(stableJson(meta));
    const published = snapshot.features.get(wanted.name)?.version;
    this.out(
      metaText(meta, this, {
        status: published === version ? "published" : `published is ${published ?? "none"}`,
        data: await dataLine(meta, publisher, await place.store()),
      }),
    );
  },
});

/** Where the data is, or what brings it back. Nothing is downloaded for it. */
async function dataLine(
  { name: feature, version, content_hash: contentHash }: Meta,
  publisher: Publisher,
  store: StoreConfig,
): Promise<string> {
  const state = await publisher.dataState({ feature, version, contentHash });
  const path = state === "here" && store.kind === "local"
    ? await publisher.dataPath(feature, version)
    : undefined;
  return path ?? DATA_STATES[state] + (state === "here" ? "" : ": mlforge sync brings it back");
}

function showStatistics(context: CliContext, flags: Flags, meta: Meta): void {
  const { name: feature, version, row_count: rows, mlforge: { statistics } } = meta;
  if (flags.json) return context.out(stableJson({ feature, version, rows, statistics }));
  const none = Object.keys(statistics).length === 0;
  const said = none ? "Its metadata has no statistics.\n" : statisticsText(meta, context);
  context.out(`${feature} ${version}, ${formatCount(rows)} rows\n\n${said}`);
}

function showDefinition(context: CliContext, flags: Flags, defined: Feature): void {
  const { place, transform, sources, entities, ...rest } = defined;
  const facts = {
    ...rest,
    status: "not built",
    sources: sources.map((s) => s.name),
    entities: entities.map((e) => e.name),
    transform: transform.kind,
    place: { file: place.file, line: place.line, column: place.column },
  };
  if (flags.json) return context.out(stableJson(facts));
  context.out(pairs([
    ["feature", `${defined.name} (not built yet)`],
    ["description", defined.description],
    ["owner", defined.owner],
    ["sources", facts.sources.join(", ")],
    ["entities", facts.entities.join(", ")],
    ["keys", defined.keys.join(", ")],
    ["timestamp", defined.timestamp?.column],
    ["interval", defined.interval?.text],
    ["transform", transform.kind],
    ["metrics", defined.metrics.map((m) => m.name).join(", ")],
    ["tags", defined.tags.join(", ")],
  ]));
}

function metaText(
  meta: Meta,
  { colour, columns }: Pick<CliContext, "colour" | "columns">,
  { status, data }: { status: string; data: string },
): string {
  const { bold } = paint(colour.stdout);
  const extra = meta.mlforge;
  const metrics = new Map(meta.features.map((f) => [f.name, `${f.agg} of ${f.input}, ${f.window}`]));
  return pairs([
    ["feature", meta.name],
    ["version", `${meta.version} (${status})`],
    ["description", meta.description],
    ["owner", extra.owner],
    ["rows", formatCount(meta.row_count)],
    ["size", formatBytes(extra.bytes)],
    ["keys", meta.keys.join(", ")],
    ["entities", extra.entities.join(", ")],
    ["timestamp", meta.timestamp],
    ["interval", meta.interval],
    ["stamp", extra.stamp],
    ["watermark", extra.watermark],
    ["sources", extra.sources.map((s) => `${s.name} (${s.path})`).join(", ") || meta.source],
    ["tags", meta.tags.join(", ")],
    ["built", `${meta.created_at} by ${extra.tool}`],
    ["promoted", extra.promoted && `${meta.updated_at} from ${extra.promoted.from}`],
    ["why", [meta.change_summary.reason, ...meta.change_summary.details].filter((s) => s !== "").join("; ")],
    ["content", meta.content_hash],
    ["data", data],
  ]) + "\n" + table(
    [{ title: "COLUMN" }, { title: "TYPE" }, { title: "WHAT IT IS", flexible: true }],
    meta.columns.map(({ name, dtype }) => [
      name,
      dtype,
      meta.keys.includes(name) ? "key" : name === meta.timestamp ? "time" : metrics.get(name) ?? "",
    ]),
    { width: columns, title: bold },
  );
}

/** `name  value` lines; names without a value are left out. */
function pairs(all: readonly [string, string | null | undefined][]): string {
  const there = all.flatMap(([name, value]) =>
    value === null || value === undefined || value === "" ? [] : [[name, value]]
  );
  const width = Math.max(...there.map(([name]) => name?.length ?? 0));
  return there.map(([name, value]) => `${name?.padEnd(width)}  ${visible(value ?? "")}\n`).join("");
}

const entity = buildCommand<Flags, [string], CliContext>({
  parameters: {
    flags: { ...projectFlags, ...outputFlags },
    positional: nameArgument(String, "Name of an entity"),
  },
  docs: { brief: "Show an entity of the definitions", customUsage: ["NAME [flags]"] },
  async func(flags, name) {
    const project = await (await workplace(this, flags)).project();
    const { place: _place, fromColumns, ...found } = named("entity", name, project.entities);
    const features = project.features.filter((f) => f.entities.some((e) => e.name === name)).map((f) =>
      f.name
    );
    if (flags.json) {
      const from = fromColumns === undefined ? {} : { from_columns: fromColumns };
      return this.out(stableJson({ ...found, ...from, features }));
    }
    this.out(pairs([
      ["entity", found.name],
      ["description", found.description],
      ["keys", found.keys.join(", ")],
      ["from columns", fromColumns?.join(", ")],
      ["features", features.join(", ")],
    ]));
  },
});

const source = buildCommand<Flags, [string], CliContext>({
  parameters: {
    flags: { ...projectFlags, ...outputFlags },
    positional: nameArgument(String, "Name of a source"),
  },
  docs: { brief: "Show a source of the definitions", customUsage: ["NAME [flags]"] },
  async func(flags, name) {
    const project = await (await workplace(this, flags)).project();
    const { place: _place, types, knownAt, rowId, ...found } = named("source", name, project.sources);
    const features = project.features.filter((f) => f.sources.some((s) => s.name === name)).map((f) =>
      f.name
    );
    if (flags.json) {
      return this.out(stableJson({ ...found, types, known_at: knownAt, row_id: rowId, features }));
    }
    this.out(pairs([
      ["source", found.name],
      ["description", found.description],
      ["path", found.path],
      ["format", found.format],
      ["delimiter", found.delimiter],
      ["header", found.header === undefined ? undefined : String(found.header)],
      ["types", Object.entries(types ?? {}).map(([column, type]) => `${column} ${type}`).join(", ")],
      ["timezone", found.timezone],
      ["fold", found.fold],
      ["watermark", found.watermark],
      ["known at", knownAt],
      ["row id", rowId],
      ["features", features.join(", ")],
    ]));
  },
});

function named<T extends { name: string }>(what: string, name: string, all: readonly T[]): T {
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new MlforgeError("usage", `There is no ${what} "${name}"`, {
    hint: suggestName(name, all.map((one) => one.name)),
  });
}

export const inspect = buildRouteMap<string, CliContext>({
  routes: { feature, entity, source },
  docs: { brief: "Show all that is known of a feature, entity or source" },
});
