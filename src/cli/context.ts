import type { ApplicationContext } from "@stricli/core";

/** All that a command may know of the outside; main.ts makes the real one, so that nothing else touches the process. */
export interface CliContext extends ApplicationContext {
  /** What was typed after the program's name. */
  readonly args: readonly string[];
  readonly cwd: string;
  env(name: string): string | undefined;
  now(): Date;
  /** Writes a result. A reader that closed the pipe is no error. */
  out(text: string): void;
  /** What is piped in. */
  stdin(): ReadableStream<Uint8Array>;
  /** Writes bytes of a file as they are. A reader that closed the pipe is no error. */
  pass(bytes: ReadableStream<Uint8Array>): Promise<void>;
  /** Writes a message, at once. */
  err(text: string): void;
  /** Whether each stream is a terminal. */
  readonly isTerminal: { readonly stdout: boolean; readonly stderr: boolean };
  /** Whether each stream may carry colour: a terminal, without NO_COLOR. */
  readonly colour: { readonly stdout: boolean; readonly stderr: boolean };
  /** Width of the terminal; undefined where output goes elsewhere and is never cut. */
  readonly columns: number | undefined;
  /** Aborted on Ctrl-C and SIGTERM with the MlforgeError to end with. From the first call on, signals no longer kill. */
  signal(): AbortSignal;
}
