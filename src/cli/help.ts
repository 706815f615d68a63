import { help, type StricliIntegration } from "@stricli/core";
import { ENGINE, VERSION } from "../version.ts";
import type { CliContext } from "./context.ts";
import { paint } from "./paint.ts";
import { type CommandEntry, COMMANDS } from "./routes.ts";

const standard = help<CliContext>({
  brief: "Print this help",
  defaultForRouteMap: true,
  formatting: {
    useAliasInUsageLine: false,
    onlyRequiredInUsageLine: true,
    caseStyle: "original",
  },
});

/** `--help` everywhere, and `--version` of mlforge itself. */
export const integrations: Record<string, StricliIntegration<CliContext>> = {
  help: {
    ...standard,
    ...(standard.flag === undefined ? {} : {
      flag: {
        ...standard.flag,
        run(app, args) {
          if (args.result.target !== app.root) return standard.flag?.run.call(this, app, args);
          this.process.stdout.write(rootHelp(args.ansiColorByStream.stdout));
        },
      },
    }),
  },
  version: {
    flag: {
      brief: "Print the version",
      aliases: ["v"],
      run(_app, { result }) {
        const json = result.unprocessedInputs.includes("--json");
        const versions = {
          deno: Deno.version.deno,
          duckdb: ENGINE.replace("duckdb ", ""),
          mlforge: VERSION,
          platform: Deno.build.target,
        };
        this.process.stdout.write(json ? JSON.stringify(versions, null, 2) + "\n" : `${VERSION}\n`);
      },
    },
  },
};

const EXAMPLES: readonly [string, string][] = [
  ["mlforge init shop", "a project to start from, in ./shop"],
  ["mlforge build --dry-run", "what would be built, and why"],
  ["mlforge build", "compute what changed, publish it"],
  ["mlforge show user_spend --key user_id=7 --at 2026-01-31", "what was known of a user that day"],
];

function rootHelp(colour: boolean): string {
  const { bold, dim } = paint(colour);
  const groups = new Map<string, CommandEntry[]>();
  for (const entry of COMMANDS) groups.set(entry.group, [...groups.get(entry.group) ?? [], entry]);
  const width = Math.max(...COMMANDS.map((entry) => entry.name.length));
  const commands = [...groups].map(([title, entries]) =>
    `${bold(title)}\n` +
    entries.map((entry) => `  ${entry.name.padEnd(width)}  ${dim(entry.brief)}\n`).join("")
  ).join("\n");
  const examples = EXAMPLES.map(([command, what]) => `  ${command}\n      ${dim(what)}\n`).join("");
  return `mlforge ${VERSION}: a feature store as one file\n\n` +
    `Usage: mlforge COMMAND [arguments] [flags]\n\n${commands}\n${bold("Examples")}\n${examples}\n` +
    "mlforge COMMAND --help says more of each. --version prints the version.\n";
}
