import { buildCommand } from "@stricli/core";
import { sync } from "../../build/sync.ts";
import { MlforgeError, throwAll } from "../../error.ts";
import { chooseRollback, type ChosenMove, type RollbackTarget } from "../../publish/choose_moves.ts";
import type { CliContext } from "../context.ts";
import { type OutputFlags, outputFlags, type ProjectFlags, projectFlags } from "../flags.ts";
import { carryOut } from "../moves.ts";
import { storeOf, type Workplace, workplace } from "../project.ts";
import { parseFeature } from "../quantities.ts";

interface Flags extends OutputFlags, ProjectFlags {
  previous?: boolean;
  "to-tx"?: string;
  from?: string;
  "dry-run"?: boolean;
}

const boolean = { kind: "boolean", optional: true, withNegated: false } as const;

export const rollback = buildCommand<Flags, string[], CliContext>({
  parameters: {
    flags: {
      previous: { ...boolean, brief: "To the highest version below the published one" },
      "to-tx": {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "tx",
        brief: "To what that batch published; mlforge log names batches",
      },
      from: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "profile",
        brief: "Take data that is not here from that profile's store",
      },
      "dry-run": { ...boolean, brief: "Say what would change" },
      ...projectFlags,
      ...outputFlags,
    },
    positional: {
      kind: "array",
      parameter: {
        parse: String,
        placeholder: "FEATURE",
        brief: "name 1.0.0, or name@1.0.0; several together",
      },
    },
  },
  docs: {
    brief: "Publish earlier versions again, together",
    fullDescription:
      "Makes earlier versions the published ones, all at one moment. What was published stays, and its number is\n" +
      "never used again. Also takes back what was retired.",
    customUsage: [
      "FEATURE [VERSION] [flags]",
      { input: "user_spend 1.0.0", brief: "to that version" },
      { input: "user_spend user_clicks --previous", brief: "each to the one below" },
      { input: "--to-tx 20260131T120000-1f2e3d4c", brief: "back to a whole batch" },
      { input: "user_spend@1.0.0 user_clicks@2.1.0 --dry-run", brief: "what would change?" },
    ],
  },
  async func(flags, ...words) {
    const target = targetOf(words, flags);
    const place = await workplace(this, flags);
    const publisher = await place.publisher();
    const snapshot = await publisher.read();
    const moves = await chooseRollback(target, publisher, snapshot);
    if (flags.from !== undefined && !flags["dry-run"]) await bringData(this, flags, place, moves, flags.from);
    await carryOut(this, { publisher, snapshot }, moves, flags);
  },
});

/** `a 1.0.0 b@2.0.0 c`: a version after a name is that feature's. */
function targetOf(words: readonly string[], { previous, "to-tx": tx }: Flags): RollbackTarget {
  if (tx !== undefined) {
    if (words.length === 0 && !previous) return { kind: "batch", tx };
    throw new MlforgeError("usage", "--to-tx goes back to all of a batch, without features or --previous");
  }
  const features: { name: string; version?: string }[] = [];
  for (const word of words) {
    const last = features.at(-1);
    if (/^\d+\.\d+\.\d+$/.test(word) && last !== undefined && last.version === undefined) last.version = word;
    else features.push(parseFeature(word));
  }
  if (features.length > 0) return { kind: "versions", features, previous: previous === true };
  throw new MlforgeError("usage", "What to roll back is not said", {
    hint: "Name features, as in mlforge rollback user_spend 1.0.0, or a batch by --to-tx.",
  });
}

/** Versions whose data is not here get it from another store first. */
async function bringData(
  context: CliContext,
  flags: Flags,
  place: Workplace,
  moves: readonly ChosenMove[],
  profile: string,
): Promise<void> {
  const from = { name: profile, store: await storeOf(context, flags, profile) };
  const [store, command] = [await place.store(), ["mlforge", ...context.args].join(" ")];
  for (const { feature, version } of moves) {
    if (version === null) continue;
    const report = await sync({ project: place.project, store, features: [feature], version, from, command });
    throwAll(report.items.flatMap((item) => item.error ?? []));
  }
}
