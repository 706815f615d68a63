import { MlforgeError, type Place } from "../error.ts";
import { type Part, readTyped } from "./typed.ts";

/** Looks a variable of the environment up. */
export type Environment = (name: string) => string | undefined;

/** What a text belongs to, for its errors. */
export interface Where {
  /** As it stands in a sentence: `"bucket" of profile "production"`. */
  what: string;
  place?: Place | undefined;
}

/** No person nests defaults deeper; without a limit a file could overflow the stack. */
const MAX_NESTED = 32;

/**
 * Fills in `${oc.env:NAME}` and `${oc.env:NAME,default}` as OmegaConf 2.3 reads them (its grammar is
 * omegaconf/grammar/OmegaConfGrammarLexer.g4 and ...Parser.g4):
 *
 * - A default may be nested, quoted ('...' or "..."), or bare: letters, digits, blanks inside it and `_/-\+.$%*@?|:`, and
 *   more after a backslash. A bare number or boolean is written as Python writes it: `1.50` becomes `1.5`, `true` `True`.
 * - Defaults are read even where the variable is set; what a variable holds is not read again.
 * - `\${` is the text `${`; backslashes before `${`, or before the quote of a quoted default, stand for half as many.
 *
 * Refused, beyond what OmegaConf refuses: `null`, a list and a mapping as a default, as only text makes sense here; and
 * all interpolations but `oc.env`. A text without `${` is returned as it is.
 */
export function interpolate(text: string, env: Environment, where: Where): string {
  let at = 0;
  let nested = 0;

  const fail = (problem: string, hint: string): never => {
    throw new MlforgeError("usage", `${problem} in ${where.what}`, { hint, place: where.place });
  };
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    at += match[0].length;
    return match[0];
  };

  /** Text with interpolations, up to its quote or the end of all. */
  function words(quote: string): string {
    let read = "";
    while (at < text.length) {
      const slashes = take(/\\+/y);
      if (slashes !== undefined) {
        const special = text.startsWith("${", at)
          ? "${"
          : quote !== "" && text[at] === quote
          ? quote
          : undefined;
        if (special === undefined) {
          read += slashes;
          continue;
        }
        read += "\\".repeat(slashes.length >> 1);
        if (slashes.length % 2 === 0) continue;
        read += special;
        at += special.length;
      } else if (text.startsWith("${", at)) {
        read += interpolation();
      } else if (text[at] === quote) {
        at++;
        return read;
      } else {
        read += text[at++];
      }
    }
    return quote === ""
      ? read
      : fail(`Quote ${quote} is opened and not closed`, "Close it before the bracket.");
  }

  function interpolation(): string {
    const start = at;
    if (++nested > MAX_NESTED) fail("Too many defaults are nested", `Nest at most ${MAX_NESTED}.`);
    if (take(/\$\{[ \t]*oc\.env[ \t]*:[ \t]*/y) === undefined) {
      const written = /^\$\{[^}]{0,40}\}?/.exec(text.slice(start, start + 60))?.[0] ?? "${";
      fail(
        `Interpolation "${written}" is not known`,
        "Only ${oc.env:NAME} and ${oc.env:NAME,default} are; write \\${ for the text itself.",
      );
    }
    const parts: Part[] = [];
    do parts.push(part()); while (take(/,[ \t]*/y) !== undefined);
    if (take(/\}/y) === undefined) fail(`"${text.slice(start, start + 40)}" is not closed`, "Close it by }.");
    nested--;
    return valueOf(parts, text.slice(start, at));
  }

  function valueOf([name, other, ...more]: Part[], written: string): string {
    if (name === undefined || name.kind !== "text" || name.text === "") {
      return fail(`"${written}" names no variable`, "Write ${oc.env:NAME}.");
    }
    if (more.length > 0) {
      fail(`"${written}" has more than one default`, "Put a default that holds a comma in quotes.");
    }
    if (other?.kind === "null") {
      fail(`"${written}" has null as its default`, "Leave the default empty: ${oc.env:NAME,}.");
    }
    // No variable can have such a name, and asking for it throws.
    const value = /[=\0]/.test(name.text) ? undefined : env(name.text);
    if (value !== undefined) return value;
    if (other !== undefined) return other.text;
    throw new MlforgeError(
      "usage",
      `Environment variable "${name.text}" is not set, and ${where.what} needs it`,
      { hint: `Set it, or give a default: \${oc.env:${name.text},default}.`, place: where.place },
    );
  }

  /** A variable's name, or its default. */
  function part(): Part {
    const quote = take(/['"]/y);
    if (quote !== undefined) {
      const read: Part = { kind: "text", text: words(quote) };
      take(/[ \t]+/y);
      if (at < text.length && !/[,}]/.test(text[at]!)) {
        fail(`"${text[at]}" follows after a quoted default`, "Put all of the default in quotes.");
      }
      return read;
    }
    let read = "";
    // Up to here blanks at the end belong to the part: they were escaped, or came out of a variable.
    let solid = 0;
    let plain = true;
    while (at < text.length && !/[,}]/.test(text[at]!)) {
      const escape = take(/\\[\\()[\]{}:=, \t]/y);
      if (escape !== undefined || text.startsWith("${", at)) {
        read += escape?.slice(1) ?? interpolation();
        solid = read.length;
        plain = false;
        continue;
      }
      // A colon takes the blanks around it.
      const bare = take(/[ \t]*:[ \t]*|[\w/\-\\+.$%*@?| \t]/y) ?? refuseBare(text[at]!);
      read += bare;
      if (bare.trim() !== "") solid = read.length;
    }
    const whole = read.slice(0, solid);
    return plain ? readTyped(whole) : { kind: "text", text: whole };
  }

  function refuseBare(letter: string): never {
    if (letter === "[" || letter === "{") {
      fail("A list or a mapping is given as a default", "Put text in quotes.");
    }
    return fail(`"${letter}" can't stand in a default without quotes`, "Put the default in quotes.");
  }

  return words("");
}
