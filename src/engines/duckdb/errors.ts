import { MlforgeError, type Place } from "../../error.ts";

/** The first line of what DuckDB throws, without the class that it begins with. */
export function messageOf(cause: unknown): string {
  const [first = ""] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
  return first.replace(/^(?:[A-Z][\w ]* (?:Error|ERROR): )+/, "").trim();
}

/** Turns what DuckDB throws while `doing` something (`run the SQL of feature "x"`) into one clear error. */
export function engineError(cause: unknown, doing: string, place?: Place): MlforgeError {
  if (cause instanceof MlforgeError) return cause.at(place);
  const text = cause instanceof Error ? cause.message : String(cause);
  const [first = "", ...rest] = text.split("\n");
  const found = /^(?:Invalid Error: )*([A-Z][\w ]*?) ?(?:Error|ERROR): (.*)$/.exec(first);
  const kind = (found?.[1] ?? "").toLowerCase();
  const message = (found?.[2] ?? first).trim();
  if (kind === "interrupt" || /^INTERRUPT/.test(text)) {
    return new MlforgeError("interrupted", `Stopped while trying to ${doing}`, { cause, place });
  }
  if (kind === "out of memory") {
    return new MlforgeError("failed", `Ran out of memory while trying to ${doing}: ${message}`, {
      cause,
      place,
      hint: "Give it more with --memory, run fewer workers with --workers 1, or read fewer columns.",
    });
  }
  if (/no space left on device/i.test(text)) {
    return new MlforgeError("failed", `The disk is full: could not ${doing}`, {
      cause,
      place,
      hint: "Free some space where the store lies, and build again; the store is as it was.",
    });
  }
  const row = csvRow(text);
  if (row !== undefined) {
    const { where, what, hint } = row;
    return new MlforgeError("failed", `Could not ${doing}: ${where} ${what}`, { cause, place, hint });
  }
  const candidates = rest.find((line) => /^(Candidate|Did you mean)/.test(line.trim()));
  const hint = candidates?.trim() ?? HINTS.find(([kinds]) => kinds.test(`${kind}: ${message}`))?.[1];
  return new MlforgeError("failed", `Could not ${doing}: ${message}`, { cause, place, hint });
}

/** What is wrong with which row of which CSV file, where the reader says so; not what the row holds. */
function csvRow(text: string): { where: string; what: string; hint: string } | undefined {
  const found = /CSV Error on Line: (\d+)\n(?:Original Line: .*\n)?(.*)$/m.exec(text);
  const file = /^ *file = (.*)$/m.exec(text)?.[1];
  if (found === null || file === undefined) return undefined;
  const [, line, said = ""] = found;
  const where = `line ${line} of ${file}`;
  const counts = /^Expected Number of Columns: (\d+) Found: (\d+)/.exec(said);
  if (counts !== null) {
    const what = `has ${counts[2]} values, not ${counts[1]}`;
    return { where, what, hint: "Mend the row, or the quotes before it." };
  }
  const value = /^Error when converting column "(.*?)"\. Could not convert string ".*" to '?(.*?)'?$/.exec(
    said,
  );
  if (value !== null) {
    const what = `has a value of "${value[1]}" that is no ${value[2]}`;
    return {
      where,
      what,
      hint: `Mend it, or declare the column's type with \`types:\`, and try_cast in SQL.`,
    };
  }
  return { where, what: `can't be read: ${said.trim()}`, hint: "Mend the row, or the quotes before it." };
}

/** Whether it is an error of the engine in our words: not one of ours, and not that the query was stopped. */
export function isEngineError(error: unknown): boolean {
  if (!(error instanceof MlforgeError)) return error instanceof Error;
  return error.code === "failed" && error.cause instanceof Error && !(error.cause instanceof MlforgeError);
}

const HINTS: [kindAndMessage: RegExp, hint: string][] = [
  [/^(io|http):/, "Is the file there, readable, and of the format its source declares?"],
  [/^invalid.*\b(file|csv|json|parquet)\b/i, "Is the file of the format its source declares?"],
  [
    /^conversion:/,
    "A value does not fit its type; declare the column's type with `types:`, or try_cast in SQL.",
  ],
];
