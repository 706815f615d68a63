import { buildCommand, buildRouteMap } from "@stricli/core";
import type { Feature } from "../../definitions/model.ts";
import { stableJson } from "../../publish/meta.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { paint } from "../paint.ts";
import { DATA_STATES, describeStore, metadataOf, workplace } from "../project.ts";
import { formatBytes, formatCount, shortTime } from "../quantities.ts";
import { type Column, table } from "../table.ts";

type Flags = OutputFlags & ProjectFlags;

function printTable(context: CliContext, columns: readonly Column[], rows: readonly string[][]): void {
  const { bold } = paint(context.colour.stdout);
  context.out(table(columns, rows, { width: context.columns, title: bold }));
}

/** One feature of `list features`; keys that do not apply are left out. */
interface ListedFeature {
  name: string;
  status: "published" | "not built";
  keys: string[];
  tags: string[];
  description?: string;
  version?: string;
  rows?: number;
  bytes?: number;
  updated_at?: string;
}

const features = buildCommand<Flags & { all?: boolean }, [], CliContext>({
  parameters: {
    flags: {
      all: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Also those that are defined and not built yet",
      },
      ...projectFlags,
      ...outputFlags,
    },
  },
  docs: {
    brief: "List the published features",
    fullDescription:
      "Lists the published features, by one look into the store. Where nothing is published yet, or with\n" +
      "--all, the definitions are loaded as well.",
    customUsage: ["[flags]", {
      input: "--json",
      brief: "for a script: name, version, rows, bytes, keys, ...",
    }],
  },
  async func(flags) {
    const place = await workplace(this, flags);
    const publisher = await place.publisher();
    const snapshot = await publisher.read();
    const listed = await Promise.all(
      [...snapshot.features].map(async ([name, { version }]): Promise<ListedFeature> => {
        const meta = await metadataOf(publisher, name, version);
        return {
          name,
          status: "published",
          keys: meta.keys,
          tags: meta.tags,
          version,
          rows: meta.row_count,
          bytes: meta.mlforge.bytes,
          updated_at: meta.updated_at,
          ...(meta.description === null ? {} : { description: meta.description }),
        };
      }),
    );
    if (flags.all || listed.length === 0) {
      for (const feature of (await place.projectIfAny())?.features ?? []) {
        if (!snapshot.features.has(feature.name)) listed.push(notBuilt(feature));
      }
    }
    listed.sort((a, b) => (a.name < b.name ? -1 : 1));
    if (flags.json) return this.out(stableJson({ features: listed }));
    if (!flags.quiet) {
      snapshot.notes.forEach((note) => this.err(`${note}\n`));
      if (listed.length === 0) {
        this.err(`There are no features in ${describeStore(await place.store(), this.cwd)}.\n`);
        return;
      }
    }
    printTable(
      this,
      [
        { title: "FEATURE" },
        { title: "VERSION" },
        { title: "ROWS", align: "right" },
        { title: "SIZE", align: "right" },
        { title: "KEYS" },
        { title: "UPDATED" },
        { title: "DESCRIPTION", flexible: true },
      ],
      listed.map((f) => [
        f.name,
        f.version ?? "not built",
        f.rows === undefined ? "" : formatCount(f.rows),
        f.bytes === undefined ? "" : formatBytes(f.bytes),
        f.keys.join(", "),
        shortTime(f.updated_at),
        f.description ?? "",
      ]),
    );
  },
});

function notBuilt({ name, keys, tags, description }: Feature): ListedFeature {
  return { name, status: "not built", keys, tags, ...(description === undefined ? {} : { description }) };
}

const entities = buildCommand<Flags, [string?], CliContext>({
  parameters: { flags: { ...projectFlags, ...outputFlags }, positional: targetArgument() },
  docs: { brief: "List the entities of the definitions", customUsage: ["[TARGET] [flags]"] },
  async func(flags, target) {
    const project = await (await workplace(this, flags, target)).project();
    const listed = project.entities.map(({ place: _place, fromColumns, ...entity }) => ({
      ...entity,
      ...(fromColumns === undefined ? {} : { from_columns: fromColumns }),
      features: project.features.filter((f) => f.entities.some((e) => e.name === entity.name)).map((f) =>
        f.name
      ),
    }));
    if (flags.json) return this.out(stableJson({ entities: listed }));
    printTable(
      this,
      [{ title: "ENTITY" }, { title: "KEYS" }, { title: "FEATURES", flexible: true }, {
        title: "DESCRIPTION",
        flexible: true,
      }],
      listed.map((e) => [
        e.name,
        e.keys.join(", ") + (e.from_columns === undefined ? "" : ` (from ${e.from_columns.join(", ")})`),
        e.features.join(", "),
        e.description ?? "",
      ]),
    );
  },
});

const sources = buildCommand<Flags, [string?], CliContext>({
  parameters: { flags: { ...projectFlags, ...outputFlags }, positional: targetArgument() },
  docs: { brief: "List the sources of the definitions", customUsage: ["[TARGET] [flags]"] },
  async func(flags, target) {
    const project = await (await workplace(this, flags, target)).project();
    const listed = project.sources.map(({ place: _place, ...source }) => ({
      ...source,
      features: project.features.filter((f) => f.sources.some((s) => s.name === source.name)).map((f) =>
        f.name
      ),
    }));
    if (flags.json) return this.out(stableJson({ sources: listed }));
    printTable(
      this,
      [{ title: "SOURCE" }, { title: "FORMAT" }, { title: "PATH", flexible: true }, {
        title: "FEATURES",
        flexible: true,
      }],
      listed.map((s) => [s.name, s.format, s.path, s.features.join(", ")]),
    );
  },
});

function targetArgument() {
  return {
    kind: "tuple",
    parameters: [{
      parse: String,
      optional: true,
      placeholder: "TARGET",
      brief: "Definitions file, or a folder with one",
    }],
  } as const;
}

const versions = buildCommand<Flags, [string], CliContext>({
  parameters: {
    flags: { ...projectFlags, ...outputFlags },
    positional: {
      kind: "tuple",
      parameters: [{ parse: String, placeholder: "FEATURE", brief: "Name of a published feature" }],
    },
  },
  docs: {
    brief: "List all versions of a feature: when, why, and whether the data is here",
    customUsage: ["FEATURE [flags]", { input: "user_spend", brief: "newest last, the published one marked" }],
  },
  async func(flags, name) {
    const publisher = await (await workplace(this, flags)).publisher();
    const snapshot = await publisher.read();
    const states = await publisher.versionStates(name);
    if (states.size === 0) {
      const { findVersion } = await import("../project.ts");
      await findVersion({ name }, publisher, snapshot);
    }
    const published = snapshot.features.get(name)?.version;
    const listed = await Promise.all([...states].map(async ([version, data]) => {
      const meta = await metadataOf(publisher, name, version);
      const { bump_type, reason } = meta.change_summary;
      return {
        version,
        published: version === published,
        rows: meta.row_count,
        bytes: meta.mlforge.bytes,
        data,
        created_at: meta.created_at,
        bump_type,
        reason,
        content_hash: meta.content_hash,
      };
    }));
    if (flags.json) return this.out(stableJson({ feature: name, versions: listed }));
    printTable(
      this,
      [
        { title: "" },
        { title: "VERSION" },
        { title: "ROWS", align: "right" },
        { title: "SIZE", align: "right" },
        { title: "DATA" },
        { title: "CREATED" },
        { title: "BUMP" },
        { title: "WHY", flexible: true },
      ],
      listed.map((v) => [
        v.published ? "*" : "",
        v.version,
        formatCount(v.rows),
        formatBytes(v.bytes),
        DATA_STATES[v.data],
        shortTime(v.created_at),
        v.bump_type,
        v.reason,
      ]),
    );
  },
});

export const list = buildRouteMap<string, CliContext>({
  routes: { features, entities, sources, versions },
  docs: { brief: "List features, entities, sources or versions" },
});
