import { throwAll } from "../error.ts";
import { chooseProfile, findProfiles } from "../profile/resolve.ts";
import { checkProfile } from "../publish/check/profile.ts";
import { goodFor, type Step } from "../publish/check/step.ts";
import { checkStore } from "../publish/check/store.ts";
import { stableJson } from "../publish/meta.ts";
import type { StoreConfig } from "../stores/config.ts";
import type { CliContext } from "./context.ts";
import type { OutputFlags, ProjectFlags } from "./flags.ts";
import { paint } from "./paint.ts";
import { configRequest, settingsOf, workplace } from "./project.ts";
import { visible } from "./text_width.ts";

type Flags = OutputFlags & ProjectFlags & { all?: boolean };

/** A profile that was tried; null for the store of the definitions, and undefined where the file gives no store. */
interface Checked {
  profile: string | null;
  store: StoreConfig | undefined;
  steps: Step[];
}

/**
 * `profile --validate`: tries the profile in use, or each one, and tells step by step. One that fails does not stop the
 * others; all that failed is thrown at the end.
 */
export async function checkProfiles(context: CliContext, flags: Flags): Promise<void> {
  const request = configRequest(context, flags);
  const profiles = await findProfiles(request);
  const checked: Checked[] = [];
  if (profiles === undefined) {
    const store = await (await workplace(context, flags)).store();
    checked.push(await told(context, flags, { profile: null, taking: taking(store) }));
  } else {
    const names = flags.all ? profiles.names : [chooseProfile(profiles, request).name];
    for (const profile of names) {
      const { file } = profiles;
      checked.push(
        await told(context, flags, { profile, taking: checkProfile({ file, profile, env: context.env }) }),
      );
    }
  }
  if (flags.json) {
    context.out(stableJson({ file: profiles?.file ?? null, validated: checked.map(json) }));
  }
  throwAll(
    checked.flatMap(({ steps }) =>
      steps.flatMap(({ outcome, error }) => outcome === "failed" && error || [])
    ),
  );
}

async function* taking(store: StoreConfig): AsyncGenerator<Step, StoreConfig> {
  yield* checkStore(store);
  return store;
}

/** Takes the steps of one profile, each told when it is taken. */
async function told(
  context: CliContext,
  { json, quiet }: Flags,
  { profile, taking }: { profile: string | null; taking: AsyncGenerator<Step, StoreConfig | undefined> },
): Promise<Checked> {
  const say = (text: string) => json || quiet || context.out(text);
  const { bold } = paint(context.colour.stdout);
  say(bold(profile ?? "the store of the definitions") + "\n");
  const steps: Step[] = [];
  let next = await taking.next();
  for (; !next.done; next = await taking.next()) {
    steps.push(next.value);
    say(line(next.value, context));
  }
  say(`  ${bold(verdict(steps))}\n`);
  return { profile, store: next.value, steps };
}

function line(
  { name, outcome, milliseconds, says }: Step,
  { colour }: Pick<CliContext, "colour">,
): string {
  const { green, red, yellow } = paint(colour.stdout);
  const style = outcome === "ok" ? green : outcome === "failed" ? red : yellow;
  const word = style(outcome) + " ".repeat("refused".length - outcome.length);
  const time = `${Math.round(milliseconds)} ms`.padStart(8);
  return `  ${name.padEnd("credentials".length)}  ${word}  ${time}  ${visible(says)}`.trimEnd() + "\n";
}

function verdict(steps: readonly Step[]): string {
  switch (goodFor(steps)) {
    case "publishing":
      return "Good for reading and publishing";
    case "reading":
      return steps.some(({ name, outcome }) => name === "write" && outcome === "refused")
        ? "Read-only: good for reading"
        : "Good for reading, not for publishing";
    case "nothing":
      return "Not to be used as it is";
  }
}

/** Times are in milliseconds. */
function json({ profile, store, steps }: Checked): unknown {
  return {
    profile,
    ...(store === undefined ? {} : { store: Object.fromEntries(settingsOf(store)) }),
    good_for: goodFor(steps),
    steps: steps.map(({ error, milliseconds, ...step }) => ({
      ...step,
      milliseconds: Math.round(milliseconds * 10) / 10,
      ...(error === undefined ? {} : { error: error.toPlain() }),
    })),
  };
}
