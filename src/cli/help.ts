import { help, type StricliIntegration } from "@stricli/core";
import { rootHelp, version } from "./about.ts";
import type { CliContext } from "./context.ts";

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
        this.process.stdout.write(version(result.unprocessedInputs.includes("--json")));
      },
    },
  },
};
