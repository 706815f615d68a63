import { buildCommand } from "@stricli/core";
import { dataNotHere } from "../../publish/data_not_here.ts";
import { stableJson } from "../../publish/meta.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { findVersion, metadataOf, workplace } from "../project.ts";
import { parseCount, parseFeature, parsePair } from "../quantities.ts";
import { rowsText } from "../rows.ts";

interface Flags extends OutputFlags, ProjectFlags {
  key?: [string, string][];
  at?: string;
  limit: number;
}

export const show = buildCommand<Flags, [ReturnType<typeof parseFeature>], CliContext>({
  parameters: {
    flags: {
      key: {
        kind: "parsed",
        parse: parsePair,
        optional: true,
        variadic: true,
        placeholder: "key=value",
        brief: "Only rows of this key",
      },
      at: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "time",
        brief: "What was known then: the newest row of each key at that time (UTC unless it says otherwise)",
      },
      limit: { kind: "parsed", parse: parseCount, default: "10", placeholder: "n", brief: "Rows at most" },
      ...projectFlags,
      ...outputFlags,
    },
    positional: {
      kind: "tuple",
      parameters: [{ parse: parseFeature, placeholder: "FEATURE", brief: "name, or name@1.2.0" }],
    },
  },
  docs: {
    brief: "Show rows of a feature, of a key, as of a time",
    customUsage: [
      "FEATURE [flags]",
      { input: "user_spend --key user_id=7", brief: "one user's rows, oldest first" },
      { input: "user_spend --key user_id=7 --at 2026-01-31T12:00:00Z", brief: "what was known of it then" },
    ],
  },
  async func(flags, feature) {
    const publisher = await (await workplace(this, flags)).publisher();
    const snapshot = await publisher.read();
    const version = await findVersion(feature, publisher, snapshot);
    const meta = await metadataOf(publisher, feature.name, version);
    const file = await publisher.dataPath(feature.name, version);
    if (file === undefined) throw dataNotHere(feature.name, version, snapshot);
    const { lookUp } = await import("../look_up.ts");
    const { columns, rows } = await lookUp({
      file,
      meta,
      keys: flags.key ?? [],
      limit: flags.limit,
      ...(flags.at === undefined ? {} : { at: flags.at }),
    });
    if (flags.json) {
      const objects = rows.map((row) =>
        Object.fromEntries(columns.map(({ name }, at) => [name, row[at] ?? null]))
      );
      return this.out(stableJson({ feature: feature.name, version, columns, rows: objects }));
    }
    if (rows.length === 0 && !flags.quiet) this.err("No rows.\n");
    this.out(rowsText(columns, rows, this));
  },
});
