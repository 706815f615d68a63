import { buildApplication, buildCommand, buildRouteMap, proposeCompletions } from "@stricli/core";
import { HOW, SCRIPTS, type Shell, SHELLS } from "../completion/scripts.ts";
import type { CliContext } from "../context.ts";
import { integrations } from "../help.ts";
import { routes } from "../route_map.ts";

const scriptOf = (shell: Shell) =>
  buildCommand<Record<never, never>, [], CliContext>({
    parameters: {},
    docs: {
      brief: `Print the script for ${shell}`,
      fullDescription: `Prints a script that lets ${shell} complete commands and flags. Take it in:\n\n  ${
        HOW[shell]
      }`,
    },
    func() {
      this.out(SCRIPTS[shell]);
    },
  });

/** What the scripts ask: not for people, so it is hidden. */
const propose = buildCommand<Record<never, never>, string[], CliContext>({
  parameters: {
    positional: {
      kind: "array",
      parameter: {
        parse: String,
        placeholder: "WORD",
        brief: "Words so far; the last one is to be completed",
      },
    },
  },
  docs: { brief: "Propose words" },
  async func(_flags, ...words) {
    const application = buildApplication(await routes(words), { name: "mlforge" }, integrations);
    for (const { completion, brief } of await proposeCompletions(application, words, this)) {
      this.out(`${completion}\t${brief}\n`);
    }
  },
});

export const completion = buildRouteMap<Shell | "propose", CliContext>({
  routes: {
    ...Object.fromEntries(SHELLS.map((shell) => [shell, scriptOf(shell)])) as Record<
      Shell,
      ReturnType<typeof scriptOf>
    >,
    propose,
  },
  docs: {
    brief: "Print a script that completes commands in a shell",
    hideRoute: { propose: true },
  },
});
