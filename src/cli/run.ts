import { buildApplication, run as runApplication, type StricliProcess, text_en } from "@stricli/core";
import { type ErrorCode, EXIT_CODES, isInterrupt, type MlforgeError } from "../error.ts";
import type { CliContext } from "./context.ts";
import { integrations } from "./help.ts";
import { bugError, renderError } from "./render_error.ts";
import { routes } from "./route_map.ts";
import { typedCommand } from "./routes.ts";
import { argumentError, commandError } from "./usage_error.ts";

/** What nobody awaited is a bug too, and must not end in a bare trace. */
export function reportUnawaited(context: CliContext, exit: (code: number) => never): void {
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    context.err(renderError(bugError(event.reason), context));
    exit(EXIT_CODES.failed);
  });
}

/** Runs one command line; gives the process's exit code (EXIT_CODES, 0 where all is done). */
export async function run(context: CliContext): Promise<number> {
  // stricli ends each message with a line end of its own.
  const render = (error: MlforgeError) => renderError(error, context).replace(/\n$/, "");
  const { failureCode } = typedCommand(context.args) ?? {};
  const codeOf = (code: ErrorCode) =>
    isInterrupt({ code }) ? EXIT_CODES[code] : failureCode ?? EXIT_CODES[code];
  const bug = (thrown: unknown) => render(bugError(thrown));
  let root;
  try {
    root = await routes(context.args);
  } catch (thrown) {
    context.err(bug(thrown) + "\n");
    return codeOf("failed");
  }
  const application = buildApplication(root, {
    name: "mlforge",
    scanner: {
      allowArgumentEscapeSequence: true,
      distanceOptions: {
        threshold: 4,
        weights: { insertion: 1, deletion: 2, substitution: 2, transposition: 1 },
      },
    },
    determineExitCode: (thrown) => codeOf(bugError(thrown).code),
    localization: {
      text: {
        ...text_en,
        noCommandRegisteredForInput: ({ input, corrections }) => render(commandError(input, corrections)),
        exceptionWhileParsingArguments: (thrown) => render(argumentError(thrown)),
        exceptionWhileLoadingCommandFunction: bug,
        exceptionWhileLoadingCommandContext: bug,
        exceptionWhileRunningCommand: bug,
        exceptionWhileRunningIntegrationFlag: ({ exception }) => bug(exception),
        commandErrorResult: bug,
      },
    },
  }, integrations);
  const process: StricliProcess = { ...context.process };
  try {
    await runApplication(application, context.args, { ...context, process });
  } catch (thrown) {
    // Help that can't be written, say: what commands throw is caught before.
    context.err(bug(thrown) + "\n");
    return codeOf(bugError(thrown).code);
  }
  const code = Number(process.exitCode ?? 0);
  // stricli's own codes are below zero: all of them are wrong use.
  return code < 0 ? codeOf("usage") : code;
}
