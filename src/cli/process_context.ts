import { MlforgeError } from "../error.ts";
import type { CliContext } from "./context.ts";

/** The context of the running process, and the way to send off its results. */
export interface ProcessContext extends CliContext {
  /** Writes the held-back results; a pipe that its reader closed is no error. */
  flush(): void;
}

export function processContext(args: readonly string[]): ProcessContext {
  const env = (name: string) => Deno.env.get(name);
  const isTerminal = { stdout: Deno.stdout.isTerminal(), stderr: Deno.stderr.isTerminal() };
  const mayColour = (env("NO_COLOR") ?? "") === "" && env("TERM") !== "dumb";
  const colour = { stdout: isTerminal.stdout && mayColour, stderr: isTerminal.stderr && mayColour };
  const held: string[] = [];
  let signal: AbortSignal | undefined;
  const out = (text: string) => void held.push(text);
  const err = (text: string) => write(Deno.stderr, text);
  return {
    args,
    cwd: Deno.cwd(),
    env,
    now: () => new Date(),
    out,
    err,
    isTerminal,
    colour,
    columns: isTerminal.stdout ? terminalWidth() : undefined,
    signal: () => signal ??= listen(),
    // Messages on stderr bring their own colour; for results a depth of 4 is what stricli asks for.
    process: { stdout: { write: out, getColorDepth: () => colour.stdout ? 4 : 1 }, stderr: { write: err } },
    flush: () => write(Deno.stdout, held.splice(0).join("")),
  };
}

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = new TextEncoder().encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  } catch (cause) {
    if (cause instanceof Deno.errors.WouldBlock) return write(stream, new TextDecoder().decode(bytes));
    // Whoever reads (`head`, a pager) has seen enough.
    if (!(cause instanceof Deno.errors.BrokenPipe)) throw cause;
  }
}

function terminalWidth(): number | undefined {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return undefined;
  }
}

function listen(): AbortSignal {
  const controller = new AbortController();
  const on = (signal: Deno.Signal, error: MlforgeError) => {
    Deno.addSignalListener(signal, () => {
      // A second one means: now.
      if (controller.signal.aborted) Deno.kill(Deno.pid, "SIGKILL");
      controller.abort(error);
    });
  };
  on("SIGINT", new MlforgeError("interrupted", "Interrupted"));
  if (Deno.build.os !== "windows") on("SIGTERM", new MlforgeError("terminated", "Terminated"));
  return controller.signal;
}
