/** A spot in a file that a person wrote. Lines and columns count from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
  /** The line itself, to be shown under the message. */
  text?: string;
}

/** What an error means for whoever called mlforge, and the process's exit code for it. */
export const EXIT_CODES = {
  /** A build or a check failed. */
  failed: 1,
  /** Wrong use or configuration. */
  usage: 2,
  /** Another builder won; nothing was published, and running again is safe. */
  lost: 3,
  /** The outcome on the store could not be learned. */
  unknown_outcome: 4,
  /** Ctrl-C. */
  interrupted: 130,
  /** SIGTERM. */
  terminated: 143,
} as const;

export type ErrorCode = keyof typeof EXIT_CODES;

/** Some rows of data: values as text, null where NULL. */
export interface Rows {
  columns: string[];
  rows: (string | null)[][];
}

/** What a failed check of data found, beside its message. */
export interface FailedCheck {
  feature: string;
  /** `in_range of amount`. */
  check: string;
  severity: "error" | "warn";
  /** Rows that do not pass, of those that were looked at. */
  failing: number;
  looked: number;
  /** The first of the rows that do not pass. */
  examples?: Rows;
}

/** The fields of an error that cross a worker's border, where classes are lost. */
export interface PlainError {
  code: ErrorCode;
  message: string;
  hint?: string;
  place?: Place;
  failedCheck?: FailedCheck;
  others?: PlainError[];
}

export interface MlforgeErrorOptions {
  /** What the person can do about it, as a whole sentence. */
  hint?: string | undefined;
  place?: Place | undefined;
  failedCheck?: FailedCheck | undefined;
  cause?: unknown;
  /** Further errors found in the same go: shown together, each with its own place and hint. */
  others?: readonly MlforgeError[];
}

/**
 * The one error class: a code, a message for a person, a place and a hint. It is thrown where the action is known and
 * printed once, by the command line. An error of a library is its cause, never its message.
 */
export class MlforgeError extends Error {
  override readonly name = "MlforgeError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly place: Place | undefined;
  readonly failedCheck: FailedCheck | undefined;
  readonly others: readonly MlforgeError[];

  constructor(code: ErrorCode, message: string, options: MlforgeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.place = options.place;
    this.failedCheck = options.failedCheck;
    this.others = options.others ?? [];
  }

  /** All errors of this one, itself first. */
  all(): MlforgeError[] {
    return [this, ...this.others.flatMap((e) => e.all())];
  }

  /** The same error at a place, of `what` (`source "events"`); one that has a place already stays as it is. */
  at(place: Place | undefined, what?: string): MlforgeError {
    if (this.place !== undefined || place === undefined) return this;
    const { code, hint, others, failedCheck, cause } = this;
    const message = what === undefined ? this.message : `${this.message} (${what})`;
    return new MlforgeError(code, message, { hint, others, failedCheck, cause, place });
  }

  toPlain(): PlainError {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.place === undefined ? {} : { place: this.place }),
      ...(this.failedCheck === undefined ? {} : { failedCheck: this.failedCheck }),
      ...(this.others.length === 0 ? {} : { others: this.others.map((e) => e.toPlain()) }),
    };
  }

  static fromPlain(plain: PlainError): MlforgeError {
    return new MlforgeError(plain.code, plain.message, {
      hint: plain.hint,
      place: plain.place,
      failedCheck: plain.failedCheck,
      others: (plain.others ?? []).map(MlforgeError.fromPlain),
    });
  }
}

/** Whether work was broken off, rather than failed. */
export function isInterrupt({ code }: Pick<MlforgeError, "code">): boolean {
  return code === "interrupted" || code === "terminated";
}

/**
 * Throws all errors as one, the first in front; returns where there are none. What two features say in the same words of the
 * same place, such as of a source that both read, is told once.
 */
export function throwAll(errors: readonly MlforgeError[]): void {
  const told = new Map(errors.map((e) => [JSON.stringify([e.message, e.place]), e]));
  const [first, ...rest] = told.values();
  if (first === undefined) return;
  if (rest.length === 0) throw first;
  throw new MlforgeError(first.code, first.message, {
    hint: first.hint,
    place: first.place,
    failedCheck: first.failedCheck,
    cause: first.cause,
    others: [...first.others, ...rest],
  });
}
