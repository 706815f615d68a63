/** What a parser's complaint means to a person; js-yaml's own words stay in the error's cause. */
export interface Explanation {
  message: string;
  hint: string;
  /** Where to look, if not where the parser stopped. */
  offset?: number;
}

/** Explains `reason`, which the parser gave at `offset` of the text. */
export function explain(reason: string, source: string, offset: number): Explanation {
  const [, message, hint] = EXPLANATIONS.find(([pattern]) => pattern.test(reason)) ?? FALLBACK;
  // The parser looks at directives when it has read them.
  if (message === DIRECTIVE) return { message, hint, offset: Math.max(0, source.lastIndexOf("%", offset)) };
  if (message !== MISPLACED) return { message, hint };
  return { message, hint, ...whatIsMisplaced(source, offset) };
}

/** The parser calls everything that it does not expect a bad indentation: what stands there tells more. */
function whatIsMisplaced(source: string, offset: number): Explanation | undefined {
  const letter = source[offset] ?? "";
  const before = source.slice(0, offset).split(/[\r\n]/).at(-1) ?? "";
  if (/["'\]}]\s*$/.test(before)) {
    return {
      message: `"${letter}" follows after the end of a value`,
      hint: "Remove it, or put the whole text in quotes.",
    };
  }
  if (letter === ":" && before.includes(":")) {
    return { message: "A second colon stands in one line", hint: "Put text with a colon in quotes." };
  }
  if (/[@`%\]},]/.test(letter)) {
    return { message: `A value can't begin with "${letter}"`, hint: "Put it in quotes, if text is meant." };
  }
}

const DIRECTIVE = 'A line that begins with "%" is no directive that YAML 1.2 knows';
const MISPLACED = "The line does not fit the lines above it";

const FALLBACK: readonly [RegExp, string, string] = [
  /./,
  "The file is no valid YAML here",
  "Compare indentation, colons, quotes and brackets with the lines above.",
];

const EXPLANATIONS: readonly (readonly [RegExp, string, string])[] = [
  [/whitespace character is expected after the key/, "A space is missing after a colon", "Write it."],
  [/tab characters/, "A tab stands in the indentation", "YAML is indented by spaces only."],
  [
    /within a (single|double) quoted|within a flow collection|deficient indentation/,
    "A quote or a bracket further up is not closed",
    "Close it, and indent what is inside it by more than its key.",
  ],
  [/missed comma/, "A comma is missing between two items", "Write it, or close the bracket before."],
  [/but found ','/, "A comma stands where an item is expected", "Remove it."],
  [
    /unknown escape|expected hexadecimal/,
    "A backslash in double quotes begins no escape that YAML knows",
    "Write the backslash twice, or put the text in single quotes.",
  ],
  [
    /null byte|non-printable|valid JSON character/,
    "The file holds a control character",
    "Remove it; in double quotes it can be written as an escape.",
  ],
  [
    /directive|YAML version/,
    DIRECTIVE,
    'Put text that begins with "%" in quotes.',
  ],
  [/tag/, "A tag is written wrongly", 'Put text that begins with "!" in quotes.'],
  [
    /anchor|alias/,
    "An anchor or an alias is written wrongly",
    'Put text that begins with "&" or "*" in quotes.',
  ],
  [
    /line break is expected|block scalar|mode identifier|width identifier/,
    "A block of text begins wrongly",
    'Only + or - and a digit may follow "|" or ">" on its line.',
  ],
  [
    /indentation|mapping key|mapping entry|document separator/,
    MISPLACED,
    "Check its indentation, and that here and above each key is followed by a colon and a space.",
  ],
];
