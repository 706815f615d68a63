import { buildCommand } from "@stricli/core";
import { stableJson } from "../../publish/meta.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { describeStore, workplace } from "../project.ts";
import { shortPath } from "../short_path.ts";

type Flags = OutputFlags & ProjectFlags & { validate?: boolean };

export const profile = buildCommand<Flags, [], CliContext>({
  parameters: {
    flags: {
      validate: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Also read the store, to see that it can be reached",
      },
      ...projectFlags,
      ...outputFlags,
    },
  },
  docs: {
    brief: "Show the profile in use and its store",
    fullDescription:
      "Shows which profile is in use, where that choice came from, and its values with all variables filled in.",
    customUsage: [
      "[flags]",
      { input: "--profile dev --validate", brief: "is that profile's store there, and may I read it?" },
    ],
  },
  async func(flags) {
    const place = await workplace(this, flags);
    const { config } = place;
    const store = await place.store();
    const features = flags.validate ? (await (await place.publisher()).read()).features.size : undefined;
    const { kind, ...settings } = store;
    if (flags.json) {
      return this.out(stableJson({
        file: config.file === undefined ? null : config.file,
        profile: config.profile?.name ?? null,
        from: config.profile?.from ?? "definitions",
        profiles: config.profiles,
        store: {
          kind,
          ...Object.fromEntries(Object.entries(settings).map(([key, value]) => [snakeCase(key), value])),
        },
        ...(features === undefined ? {} : { published_features: features }),
      }));
    }
    const lines: [string, string][] = [
      ["profile", config.profile?.name ?? "none: the store is written in the definitions"],
      ...(config.profile === undefined ? [] : [["chosen by", config.profile.from] as [string, string]]),
      ...(config.file === undefined ? [] : [["file", shortPath(config.file, this.cwd)] as [string, string]]),
      ["store", kind],
      ...Object.entries(settings).filter(([, value]) => value !== "").map((
        [key, value],
      ): [string, string] => [
        `  ${snakeCase(key)}`,
        String(value),
      ]),
    ];
    const others = config.profiles.filter((name) => name !== config.profile?.name);
    if (others.length > 0) lines.push(["others", others.join(", ")]);
    if (features !== undefined) {
      lines.push(["reachable", `yes: ${features} published features in ${describeStore(store, this.cwd)}`]);
    }
    const width = Math.max(...lines.map(([key]) => key.length));
    this.out(lines.map(([key, value]) => `${key.padEnd(width)}  ${value}\n`).join(""));
  },
});

/** Settings are shown as they are written in mlforge.yaml. */
function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
