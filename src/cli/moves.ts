import type { ChosenMove } from "../publish/choose_moves.ts";
import { stableJson } from "../publish/meta.ts";
import type { Publisher, Snapshot } from "../publish/publisher.ts";
import { VERSION } from "../version.ts";
import type { CliContext } from "./context.ts";
import type { OutputFlags } from "./flags.ts";
import { paint } from "./paint.ts";
import { table } from "./table.ts";

/** Commits the moves, or with `dryRun` only shows them: a rollback and a retirement end alike. */
export async function carryOut(
  context: CliContext,
  { publisher, snapshot }: { publisher: Publisher; snapshot: Snapshot },
  moves: readonly ChosenMove[],
  flags: OutputFlags & { "dry-run"?: boolean },
): Promise<void> {
  const changing = moves.filter(({ from, version }) => from !== version);
  const dryRun = flags["dry-run"] === true;
  if (!dryRun && changing.length > 0) {
    const command = ["mlforge", ...context.args].join(" ");
    const { notes } = await publisher.move(changing, { tool: `mlforge ${VERSION}`, command }, {
      from: snapshot,
    });
    if (!flags.quiet) notes.forEach((note) => context.err(`${note}\n`));
  }
  if (flags.json) {
    const items = moves.map(({ feature, from, version }) => ({ feature, from, to: version }));
    return context.out(stableJson({ dry_run: dryRun, moves: items }));
  }
  if (flags.quiet) return;
  const { bold } = paint(context.colour.stdout);
  context.out(table(
    [{ title: "FEATURE" }, { title: "FROM" }, { title: "TO" }],
    moves.map(({ feature, from, version }) => [feature, from ?? "retired", version ?? "retired"]),
    { width: context.columns, title: bold },
  ));
  const count = changing.length;
  context.out(
    "\n" + bold(dryRun ? `Would change ${count}` : count === 0 ? "Nothing to change" : `Changed ${count}`) +
      "\n",
  );
}
