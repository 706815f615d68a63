import { ArgumentScannerError, formatMessageForArgumentScannerError } from "@stricli/core";
import { MlforgeError } from "../error.ts";
import { bugError } from "./render_error.ts";

/** What stricli found wrong in the arguments, in our words. */
export function argumentError(thrown: unknown): MlforgeError {
  if (!(thrown instanceof ArgumentScannerError)) return bugError(thrown);
  let hint: string | undefined;
  const message = formatMessageForArgumentScannerError(thrown, {
    FlagNotFoundError({ input, corrections }) {
      hint = didYouMean(corrections.map((name) => `--${name}`)) ?? "--help shows the flags there are.";
      return `There is no flag "--${input}"`;
    },
    AliasNotFoundError({ input }) {
      hint = "--help shows the flags there are.";
      return `There is no flag "-${input}"`;
    },
    ArgumentParseError({ externalFlagNameOrPlaceholder: name, input, exception }) {
      if (exception instanceof MlforgeError) hint = exception.hint;
      const why = exception instanceof Error ? exception.message : String(exception);
      return `Can't use "${input}" as ${flagOrArgument(name)}: ${why}`;
    },
    EnumValidationError({ externalFlagName, input, values }) {
      hint = `There are: ${values.join(", ")}.`;
      return `Can't use "${input}" as --${externalFlagName}`;
    },
    UnsatisfiedFlagError({ externalFlagName }) {
      return `--${externalFlagName} needs a value`;
    },
    UnexpectedFlagError({ externalFlagName }) {
      return `--${externalFlagName} is given more than once`;
    },
    UnexpectedPositionalError({ input }) {
      hint = "--help shows the arguments there are.";
      return `Unexpected argument "${input}"`;
    },
    UnsatisfiedPositionalError({ placeholder }) {
      hint = "--help shows how the command is used.";
      return `${placeholder} is missing`;
    },
    InvalidNegatedFlagSyntaxError({ externalFlagName }) {
      return `--${externalFlagName} takes no value`;
    },
  });
  return new MlforgeError("usage", message, { hint });
}

/** Arguments are named in capitals, flags are not. */
function flagOrArgument(name: string): string {
  return name === name.toUpperCase() ? name : `--${name}`;
}

/** A command that does not exist. */
export function commandError(input: string, corrections: readonly string[]): MlforgeError {
  const names = corrections.map((name) => name.replaceAll("`", ""));
  const first = input.startsWith("-");
  return new MlforgeError(
    "usage",
    first ? `There is no flag "${input}" here` : `There is no command "${input}"`,
    {
      hint: first
        ? "Flags stand after the command, as in mlforge build --profile dev."
        : didYouMean(names) ?? "mlforge --help shows the commands there are.",
    },
  );
}

function didYouMean(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : `Did you mean ${names.map((name) => `"${name}"`).join(" or ")}?`;
}
