import { buildCommand } from "@stricli/core";
import { type Diff, diffDefinitions, diffStates, diffVersions } from "../../build/diff.ts";
import { type Level, LEVELS } from "../../build/diff/compare.ts";
import { MlforgeError } from "../../error.ts";
import { lazily } from "../../lazy.ts";
import { publishedMetas } from "../../publish/manifest.ts";
import { stableJson } from "../../publish/meta.ts";
import type { CliContext } from "../context.ts";
import { diffMarkdown, diffText } from "../diff_report.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { findVersion, type Workplace, workplace } from "../project.ts";
import { parseFeature, parseVersion } from "../quantities.ts";

interface Flags extends OutputFlags, ProjectFlags {
  data?: boolean;
  ref?: string;
  markdown?: boolean;
  "fail-on"?: Exclude<Level, "none">;
}

const boolean = { kind: "boolean", optional: true, withNegated: false } as const;

export const diff = buildCommand<Flags, [string?, string?, string?], CliContext>({
  parameters: {
    flags: {
      data: { ...boolean, brief: "Also count rows added, removed and changed by key; reads both versions" },
      ref: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "ref",
        brief: "All features at a state of git (ref, or ref..ref) against those here",
      },
      markdown: { ...boolean, brief: "Print Markdown, for a comment on a pull request" },
      "fail-on": {
        kind: "enum",
        values: LEVELS.filter((level) => level !== "none"),
        optional: true,
        brief: "Exit 1 from this level on, else 0",
      },
      ...projectFlags,
      ...outputFlags,
    },
    positional: {
      kind: "tuple",
      parameters: [
        {
          parse: String,
          optional: true,
          placeholder: "FEATURE",
          brief: "name, or name@1.0.0; all definitions without",
        },
        {
          parse: String,
          optional: true,
          placeholder: "A",
          brief: "A version; without one, the definition is compared",
        },
        {
          parse: String,
          optional: true,
          placeholder: "B",
          brief: "Another version; the published one by default",
        },
      ],
    },
  },
  docs: {
    brief: "Show what differs between versions, or from the definitions",
    fullDescription:
      "Compares two versions of a feature, or the definitions as they are with what is published. Ends with 0 where\n" +
      "nothing differs, 1 for a patch, 2 minor, 3 major, and 4 for any failure.",
    customUsage: [
      "[FEATURE [A [B]]] [flags]",
      { input: "", brief: "what would a build change?" },
      { input: "user_spend 1.0.0 1.1.0 --data", brief: "two versions, and their rows" },
      { input: "--ref origin/main --markdown", brief: "what a pull request publishes" },
      { input: "--fail-on major", brief: "a gate: exit 1 only where a column goes" },
    ],
  },
  async func(flags, ...words) {
    const found = await compareAsked(words, flags, await workplace(this, flags));
    if (flags.json) this.out(stableJson(found));
    else if (flags.markdown) this.out(diffMarkdown(found));
    else if (!flags.quiet) this.out(diffText(found, this));
    const { "fail-on": threshold } = flags;
    const level = LEVELS.indexOf(found.level);
    this.process.exitCode = threshold === undefined ? level : level >= LEVELS.indexOf(threshold) ? 1 : 0;
  },
});

async function compareAsked(
  [name, first, second]: readonly (string | undefined)[],
  flags: Flags,
  place: Workplace,
): Promise<Diff> {
  if (flags.ref !== undefined) {
    if (name !== undefined) throw new MlforgeError("usage", "--ref compares all features: leave FEATURE out");
    if (flags.data) throw noRows("states of git");
    return await compareRefs(flags.ref, place);
  }
  const publisher = await place.publisher();
  const snapshot = await publisher.read();
  const now = { publisher, snapshot };
  const feature = name === undefined ? undefined : parseFeature(name);
  const [a, b] = [feature?.version ?? first, feature?.version === undefined ? second : first].map(versionOf);
  if (feature === undefined || a === undefined) {
    if (flags.data) throw noRows("a definition");
    return await diffDefinitions(
      { project: await place.project(), store: await place.store() },
      now,
      feature && [feature.name],
    );
  }
  const to = b ?? await findVersion({ name: feature.name }, publisher, snapshot);
  return await diffVersions(feature.name, [a, to], now, { data: flags.data === true });
}

/** `1.0.0`, or `name@1.0.0`, whose name was said before. */
function versionOf(word: string | undefined): string | undefined {
  return word === undefined ? undefined : parseVersion(word.replace(/^.*@/, ""));
}

async function compareRefs(refs: string, place: Workplace): Promise<Diff> {
  const store = await place.store();
  if (store.kind !== "local") {
    throw new MlforgeError("usage", "--ref compares states of a local store, which git keeps", {
      hint: "Choose a profile with a local store by --profile.",
    });
  }
  const { publishedAtRef } = await lazily<typeof import("../../publish/local/at_ref.ts")>(
    "../../publish/local/at_ref.ts",
    import.meta.url,
  );
  const [from = "", to] = refs.split("..");
  return diffStates(
    await publishedAtRef(store.path, from),
    to === undefined || to === ""
      ? await publishedMetas(await place.publisher())
      : await publishedAtRef(store.path, to),
  );
}

/** `--data` needs rows on both sides. */
function noRows(what: string): MlforgeError {
  return new MlforgeError("usage", `--data compares the rows of two versions, not ${what}`, {
    hint: "Name both, as in mlforge diff user_spend 1.0.0 1.1.0 --data.",
  });
}
