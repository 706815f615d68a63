import type { Program } from "acorn";
import { MlforgeError } from "../../error.ts";
import type { Place } from "../../error.ts";
import { type ColumnMap, readColumns } from "./columns.ts";

/** A user's module as JavaScript: what is run, and what identities are made of. */
export interface Stripped {
  /** Absolute path of what the user wrote. */
  file: string;
  /** JavaScript, line by line as the user's file; line ends LF. */
  text: string;
  program: Program;
  /** The place in the user's file of an offset of `text`. */
  placeAt(offset: number): Place;
  /** The same, by line (from 1) and column (from 1) of `text`. */
  placeOf(line: number, column: number): Place;
}

const parseOptions = { ecmaVersion: "latest", sourceType: "module", allowHashBang: true } as const;

/** Takes the types off a module and parses it. A syntax error is one MlforgeError, at its place. */
export async function strip(file: string, written: string): Promise<Stripped> {
  const source = written.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  const lines = source.split("\n");
  const place = (line: number, column: number): Place => {
    const text = lines[line - 1];
    return { file, line, column, ...(text === undefined ? {} : { text }) };
  };
  if (file.endsWith(".json")) {
    const text = `export default ${jsonText(source, place)};`;
    return parsed(file, text, (line, column) => place(line, column));
  }
  if (!file.endsWith(".ts")) return parsed(file, source, place);
  const { code, columns } = await stripTypes(file, source, place);
  return parsed(file, code, (line, column) => place(line, columns(line, column)));
}

async function stripTypes(
  file: string,
  source: string,
  place: (line: number, column: number) => Place,
): Promise<{ code: string; columns: ColumnMap }> {
  const { transform } = await import("sucrase");
  try {
    const { code, sourceMap } = transform(source, {
      transforms: ["typescript"],
      disableESTransforms: true,
      preserveDynamicImport: true,
      filePath: file,
      sourceMapOptions: { compiledFilename: file },
    });
    return { code, columns: readColumns(sourceMap?.mappings ?? "") };
  } catch (cause) {
    throw syntaxError(cause, place);
  }
}

async function parsed(
  file: string,
  text: string,
  placeOf: (line: number, column: number) => Place,
): Promise<Stripped> {
  const { getLineInfo, parse } = await import("acorn");
  const placeAt = (offset: number) => {
    const { line, column } = getLineInfo(text, offset);
    return placeOf(line, column + 1);
  };
  try {
    return { file, text, program: parse(text, parseOptions), placeAt, placeOf };
  } catch (cause) {
    throw syntaxError(cause, (line, column) => placeOf(line, column + 1));
  }
}

/** Both parsers throw errors with `loc`, and the place in brackets at the end of the message. */
function syntaxError(cause: unknown, place: (line: number, column: number) => Place): unknown {
  if (!(cause instanceof Error) || !("loc" in cause)) return cause;
  const { line, column } = cause.loc as { line: number; column: number };
  const what = cause.message.replace(/^Error transforming [^:]*: /, "").replace(/ \(\d+:\d+\)$/, "");
  return new MlforgeError("usage", `Can't read the module: ${lowerFirst(what)}`, {
    place: place(line, column),
    hint: "Correct the syntax there, or just before it.",
    cause,
  });
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;
}

function jsonText(source: string, place: (line: number, column: number) => Place): string {
  try {
    JSON.parse(source);
    return source.trim();
  } catch (cause) {
    const [, line = 1, column = 1] = /line (\d+) column (\d+)/.exec(String(cause)) ?? [];
    throw new MlforgeError("usage", "Can't read the file as JSON", {
      place: place(Number(line), Number(column)),
      hint: "Correct it, or take its import away.",
      cause,
    });
  }
}
