import { buildCommand } from "@stricli/core";
import { dataNotHere } from "../../publish/data_not_here.ts";
import { stableJson } from "../../publish/meta.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { findVersion, workplace } from "../project.ts";
import { parseFeature } from "../quantities.ts";

export const path = buildCommand<OutputFlags & ProjectFlags, [ReturnType<typeof parseFeature>], CliContext>({
  parameters: {
    flags: { ...projectFlags, ...outputFlags },
    positional: {
      kind: "tuple",
      parameters: [{ parse: parseFeature, placeholder: "FEATURE", brief: "name, or name@1.2.0" }],
    },
  },
  docs: {
    brief: "Print where a feature's Parquet file is",
    customUsage: [
      "FEATURE [flags]",
      { input: "user_spend", brief: "for another tool: duckdb -c \"from '$(mlforge path user_spend)'\"" },
      { input: "user_spend@1.0.0", brief: "of an older version" },
    ],
  },
  async func(flags, feature) {
    const publisher = await (await workplace(this, flags)).publisher();
    const snapshot = await publisher.read();
    const version = await findVersion(feature, publisher, snapshot);
    const file = await publisher.dataPath(feature.name, version);
    if (file === undefined) throw dataNotHere(feature.name, version, snapshot);
    this.out(flags.json ? stableJson({ feature: feature.name, version, path: file }) : `${file}\n`);
  },
});
