import { type Event, EVENT_ID, parseEvents, YAMLException } from "js-yaml";
import { MlforgeError } from "../error.ts";
import { compose, MAX_DEPTH, tooDeep } from "./compose.ts";
import { locate, type Located, placer, type Refuse } from "./located.ts";
import { explain } from "./explain.ts";

/**
 * Parses one YAML 1.2 document (core schema: `yes` and `on` are text). Refused, with the place: what is no YAML, an empty
 * text, several documents, nesting over 64 deep, aliases that repeat too much, duplicate keys, keys that are not
 * text, merge keys, and tags beyond the core schema's.
 */
export function parseYaml(text: string, file: string): Located {
  // A byte order mark is no part of the text.
  const source = text.startsWith("\ufeff") ? text.slice(1) : text;
  const place = placer(source, file);
  const refuse: Refuse = (offset, message, hint, cause) =>
    new MlforgeError("usage", message, { hint, place: place(offset), cause });
  const events = read(source, refuse);
  const documents = events.filter((event) => event.type === EVENT_ID.DOCUMENT);
  if (isEmpty(events)) {
    throw refuse(
      0,
      "The file is empty",
      "Write its content, or remove it: there are only blanks, comments or marks in it.",
    );
  }
  if (documents.length > 1) {
    throw refuse(
      startOfSecond(source, events),
      "The file holds more than one document",
      'Keep one, without "---" in between.',
    );
  }
  for (const { directives } of documents) {
    if (directives.some(({ kind }) => kind === "tag")) {
      throw refuse(
        Math.max(0, source.search(/^%TAG/m)),
        "Tags can't be declared here",
        "Remove the line: only YAML's own tags are known.",
      );
    }
  }
  const { value, root } = compose(source, events, refuse);
  return locate(source, file, value, root);
}

function read(source: string, refuse: Refuse): Event[] {
  try {
    // The parser counts scalars too, and some lists twice; what is exact is counted where values are made.
    return parseEvents(source, { maxDepth: 2 * MAX_DEPTH });
  } catch (cause) {
    if (!(cause instanceof YAMLException)) throw cause;
    const at = cause.mark?.position ?? 0;
    if (/maxDepth/.test(cause.reason)) throw tooDeep(refuse, at);
    const { message, hint, offset } = explain(cause.reason, source, at);
    throw refuse(offset ?? at, message, hint, cause);
  }
}

/** A document of nothing: blanks, comments, or `---` alone. */
function isEmpty(events: readonly Event[]): boolean {
  return events.every((event) =>
    event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP ||
    (event.type === EVENT_ID.SCALAR && event.valueStart < 0 && event.tagStart < 0 && event.anchorStart < 0)
  );
}

/** Documents have no offset of their own: the second begins at the first mark after what the first one holds. */
function startOfSecond(source: string, events: readonly Event[]): number {
  const first = events.find((event) => "start" in event || ("valueStart" in event && event.valueStart >= 0));
  const from = first === undefined
    ? 0
    : "start" in first
    ? first.start
    : "valueStart" in first
    ? first.valueStart
    : 0;
  return from + Math.max(0, source.slice(from).search(/^(---|\.\.\.)(?=\s|$)/m));
}
