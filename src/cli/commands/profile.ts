import { buildCommand } from "@stricli/core";
import { MlforgeError } from "../../error.ts";
import { lazily } from "../../lazy.ts";
import { stableJson } from "../../publish/meta.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { settingsOf, workplace } from "../project.ts";
import { shortPath } from "../short_path.ts";

type Flags = OutputFlags & ProjectFlags & { validate?: boolean; all?: boolean };

export const profile = buildCommand<Flags, [], CliContext>({
  parameters: {
    flags: {
      validate: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Try it, step by step: credentials, bucket, list, read, write, conditions, delete",
      },
      all: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "With --validate: every profile of the file",
      },
      ...projectFlags,
      ...outputFlags,
    },
  },
  docs: {
    brief: "Show the profile in use and its store",
    fullDescription:
      "Shows which profile is in use, where that choice came from, and its values with all variables filled in.\n" +
      "With --validate its store is tried, too, by a probe of its own that goes again. Exits with 0 where the store\n" +
      "can be read (a read-only store is told as one), else with 1, or 2 where the configuration is wrong.",
    customUsage: [
      "[flags]",
      { input: "--profile dev --validate", brief: "is that profile's store there, and what may I do?" },
      { input: "--validate --all --json", brief: "every profile, for a script" },
    ],
  },
  async func(flags) {
    if (flags.validate) {
      const { checkProfiles } = await lazily<typeof import("../check_profiles.ts")>(
        "../check_profiles.ts",
        import.meta.url,
      );
      return await checkProfiles(this, flags);
    }
    if (flags.all) {
      throw new MlforgeError("usage", "--all goes with --validate", {
        hint: "Without it, mlforge profile names the others, too.",
      });
    }
    await show(this, flags);
  },
});

async function show(context: CliContext, flags: Flags): Promise<void> {
  const place = await workplace(context, flags);
  const { config } = place;
  const settings = settingsOf(await place.store());
  if (flags.json) {
    return context.out(stableJson({
      file: config.file === undefined ? null : config.file,
      profile: config.profile?.name ?? null,
      from: config.profile?.from ?? "definitions",
      profiles: config.profiles,
      store: Object.fromEntries(settings),
    }));
  }
  const lines: [string, string][] = [
    ["profile", config.profile?.name ?? "none: the store is written in the definitions"],
    ...(config.profile === undefined ? [] : [["chosen by", config.profile.from] as [string, string]]),
    ...(config.file === undefined ? [] : [["file", shortPath(config.file, context.cwd)] as [string, string]]),
    ...settings.filter(([, value]) => value !== "").map(
      ([key, value]): [string, string] => [key === "kind" ? "store" : `  ${key}`, String(value)],
    ),
  ];
  const others = config.profiles.filter((name) => name !== config.profile?.name);
  if (others.length > 0) lines.push(["others", others.join(", ")]);
  const width = Math.max(...lines.map(([key]) => key.length));
  context.out(lines.map(([key, value]) => `${key.padEnd(width)}  ${value}\n`).join(""));
}
