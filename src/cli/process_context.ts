import { EXIT_CODES, MlforgeError } from "../error.ts";
import type { CliContext } from "./context.ts";

/** The context of the running process; `exit` ends it at once, for whoever presses Ctrl-C twice. */
export function processContext(args: readonly string[], exit: (code: number) => never): CliContext {
  const isTerminal = { stdout: Deno.stdout.isTerminal(), stderr: Deno.stderr.isTerminal() };
  const mayColour = (variable("NO_COLOR") ?? "") === "" && variable("TERM") !== "dumb";
  const colour = { stdout: isTerminal.stdout && mayColour, stderr: isTerminal.stderr && mayColour };
  let signal: AbortSignal | undefined;
  const out = (text: string) => write(Deno.stdout, text);
  const err = (text: string) => {
    try {
      write(Deno.stderr, text);
    } catch {
      // There is nobody left to tell.
    }
  };
  return {
    args,
    cwd: workingFolder() ?? nowhere(err, exit),
    env: variable,
    now: () => new Date(),
    out,
    err,
    stdin: () => Deno.stdin.readable,
    pass,
    isTerminal,
    colour,
    columns: isTerminal.stdout ? terminalWidth() : undefined,
    signal: () => signal ??= listen(exit),
    // Messages on stderr bring their own colour; for results a depth of 4 is what stricli asks for.
    process: { stdout: { write: out, getColorDepth: () => colour.stdout ? 4 : 1 }, stderr: { write: err } },
  };
}

/** A pipe that its reader closed (`head`, a pager) is no error: who reads has seen enough. */
function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(stream.writeSync(bytes));
    } catch (cause) {
      if (cause instanceof Deno.errors.BrokenPipe) return;
      // A pipe that does not block is full: its reader needs a moment.
      if (!(cause instanceof Deno.errors.WouldBlock)) throw unwritten(cause);
    }
  }
}

function unwritten(cause: unknown): MlforgeError {
  const why = cause instanceof Error && /no space/i.test(cause.message)
    ? "the disk is full"
    : "it can't be written to";
  return new MlforgeError("failed", `Can't write the result: ${why}`, {
    hint: "Send it elsewhere; what the command did is done.",
    cause,
  });
}

function variable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.InvalidData)) throw cause;
    throw new MlforgeError("usage", `Can't read the variable ${name}: it is not valid UTF-8`, {
      hint: "Set it to text, or unset it.",
      cause,
    });
  }
}

/** Undefined where its name is no text. */
function workingFolder(): string | undefined {
  try {
    return Deno.cwd();
  } catch {
    return undefined;
  }
}

/** Without a working folder there is no context to render an error with. */
function nowhere(err: CliContext["err"], exit: (code: number) => never): never {
  err("Error: Can't work in this folder: its name is not valid UTF-8\n  Start mlforge in another one.\n");
  exit(EXIT_CODES.usage);
}

async function pass(bytes: ReadableStream<Uint8Array>): Promise<void> {
  await bytes.pipeTo(Deno.stdout.writable, { preventClose: true }).catch((cause) => {
    if (!(cause instanceof Deno.errors.BrokenPipe)) throw unwritten(cause);
  });
}

function terminalWidth(): number | undefined {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return undefined;
  }
}

function listen(exit: (code: number) => never): AbortSignal {
  const controller = new AbortController();
  const on = (signal: Deno.Signal, error: MlforgeError) => {
    Deno.addSignalListener(signal, () => {
      // A second one means: now. The store stands that, as it stands a kill.
      if (controller.signal.aborted) exit(EXIT_CODES[error.code]);
      controller.abort(error);
    });
  };
  on("SIGINT", new MlforgeError("interrupted", "Interrupted"));
  if (Deno.build.os !== "windows") on("SIGTERM", new MlforgeError("terminated", "Terminated"));
  return controller.signal;
}
