import { type Event, EVENT_ID, getScalarValue, SCALAR_STYLE, type ScalarEvent } from "js-yaml";
import type { MlforgeError } from "../error.ts";
import type { Entry, Refuse } from "./located.ts";
import { checkTag, readScalar } from "./scalar.ts";

/** How deep lists and mappings may be nested: deeper ones are made to fell parsers, not to be read. */
export const MAX_DEPTH = 64;

/** How many values aliases may repeat, all in all: what ten nested aliases of ten would repeat is beyond memory. */
export const MAX_REPEATED = 10_000;

/** A value with its places, how many values it is made of, and how deep it is nested (a scalar: 0, a list of scalars: 1). */
interface Node {
  value: unknown;
  entry: Entry;
  size: number;
  depth: number;
}

interface Frame extends Node {
  anchor: string | undefined;
  /** The key whose value comes next, in a mapping. */
  key?: { text: string; at: number };
  item: number;
}

/** Makes the value and the places of the one document that `events` hold. */
export function compose(
  source: string,
  events: readonly Event[],
  refuse: Refuse,
): { value: unknown; root: Entry } {
  const frames: Frame[] = [];
  const anchors = new Map<string, Node | "open">();
  let repeated = 0;
  let root: Node | undefined;
  // Where the last thing began: empty values have no place of their own.
  let last = 0;

  const add = (node: Node) => {
    const frame = frames.at(-1);
    if (frame === undefined) {
      root = node;
      return;
    }
    frame.size += node.size;
    frame.depth = Math.max(frame.depth, node.depth + 1);
    // Aliases nest what they repeat: the depth that is written says nothing about it.
    if (frames.length + node.depth > MAX_DEPTH) throw tooDeep(refuse, node.entry.valueAt);
    if (Array.isArray(frame.value)) {
      frame.value.push(node.value);
      frame.entry.inside!.set(frame.item++, node.entry);
      return;
    }
    const { text, at } = frame.key!;
    delete frame.key;
    (frame.value as Record<string, unknown>)[text] = node.value;
    frame.entry.inside!.set(text, { ...node.entry, keyAt: at });
  };
  const wantsKey = () => {
    const frame = frames.at(-1);
    return frame !== undefined && !Array.isArray(frame.value) && frame.key === undefined;
  };

  for (const event of events) {
    switch (event.type) {
      case EVENT_ID.SCALAR: {
        const at = last = startOf(source, event, last);
        const anchor = anchorOf(source, event);
        if (wantsKey()) {
          const frame = frames.at(-1)!;
          frame.key = { text: readKey(source, event, at, frame.entry, refuse), at };
          if (anchor !== undefined) {
            anchors.set(anchor, {
              value: frame.key.text,
              entry: { keyAt: at, valueAt: at },
              size: 1,
              depth: 0,
            });
          }
          break;
        }
        const node = {
          value: readScalar(source, event, at, refuse),
          entry: { keyAt: at, valueAt: at },
          size: 1,
          depth: 0,
        };
        if (anchor !== undefined) anchors.set(anchor, node);
        add(node);
        break;
      }
      case EVENT_ID.SEQUENCE:
      case EVENT_ID.MAPPING: {
        const at = last = event.start;
        const list = event.type === EVENT_ID.SEQUENCE;
        if (wantsKey()) throw noTextKey(refuse, at, list ? "A list" : "A mapping");
        checkTag(source, event, list ? "seq" : "map", refuse);
        if (frames.length >= MAX_DEPTH) throw tooDeep(refuse, at);
        const anchor = anchorOf(source, event);
        if (anchor !== undefined) anchors.set(anchor, "open");
        const entry = { keyAt: at, valueAt: at, inside: new Map() };
        frames.push({ value: list ? [] : {}, entry, size: 1, depth: 1, anchor, item: 0 });
        break;
      }
      case EVENT_ID.ALIAS: {
        const at = last = event.anchorStart - 1;
        const name = source.slice(event.anchorStart, event.anchorEnd);
        if (wantsKey()) throw noTextKey(refuse, at, `Alias "*${name}"`);
        const node = anchors.get(name);
        if (node === undefined) {
          throw refuse(
            at,
            `Alias "*${name}" has no anchor`,
            `Put "&${name}" before the value that it repeats, further up.`,
          );
        }
        if (node === "open") {
          throw refuse(
            at,
            `Alias "*${name}" stands inside the value that it repeats`,
            "A value can't hold itself.",
          );
        }
        repeated += node.size;
        if (repeated > MAX_REPEATED) {
          throw refuse(
            at,
            `Aliases repeat more than ${MAX_REPEATED} values`,
            "Write out what is meant, without aliases of aliases.",
          );
        }
        // What is wrong inside is shown where it is written, at the anchor; the value as a whole at the alias.
        add({ ...node, entry: { ...node.entry, keyAt: at, valueAt: at } });
        break;
      }
      case EVENT_ID.POP: {
        const frame = frames.pop();
        if (frame === undefined) break;
        if (frame.anchor !== undefined) anchors.set(frame.anchor, frame);
        add(frame);
        break;
      }
    }
  }
  if (root === undefined) throw new Error("unreachable: a document has a value");
  return { value: root.value, root: root.entry };
}

export function tooDeep(refuse: Refuse, at: number): MlforgeError {
  return refuse(
    at,
    `The file is nested over ${MAX_DEPTH} deep`,
    "Nothing that mlforge reads is nested that deep.",
  );
}

function noTextKey(refuse: Refuse, at: number, what: string): MlforgeError {
  return refuse(at, `${what} can't be a key`, "Keys are text.");
}

/** Where a scalar begins for a person: at its quote, or at the first letter of a block. */
function startOf(source: string, event: ScalarEvent, last: number): number {
  if (event.valueStart < 0) return event.tagStart >= 0 ? event.tagStart : last;
  switch (event.style) {
    case SCALAR_STYLE.SINGLE_QUOTED:
    case SCALAR_STYLE.DOUBLE_QUOTED:
      return event.valueStart - 1;
    case SCALAR_STYLE.LITERAL_BLOCK:
    case SCALAR_STYLE.FOLDED_BLOCK: {
      const text = source.slice(event.valueStart, event.valueEnd).search(/\S/);
      return event.valueStart + Math.max(0, text);
    }
    default:
      return event.valueStart;
  }
}

function anchorOf(source: string, event: { anchorStart: number; anchorEnd: number }): string | undefined {
  return event.anchorStart < 0 ? undefined : source.slice(event.anchorStart, event.anchorEnd);
}

/** Deno takes the first one away from objects, and valibot leaves both out in silence. */
const RESERVED = new Set(["__proto__", "prototype"]);

/** Reads a key: text, once in its mapping, and none that JavaScript's objects have without being given it. */
function readKey(source: string, event: ScalarEvent, at: number, entry: Entry, refuse: Refuse): string {
  const text = getScalarValue(source, event);
  if (text === "<<" && event.style === SCALAR_STYLE.PLAIN) {
    throw refuse(
      at,
      'Merge keys ("<<") are not part of YAML 1.2',
      "Write the keys out, or repeat a whole value by an alias.",
    );
  }
  if (typeof readScalar(source, event, at, refuse) !== "string") {
    throw refuse(
      at,
      text === "" ? "A key is empty" : `Key "${text}" is not text`,
      text === "" ? "Write a key before the colon." : `Put it in quotes if text is meant: "${text}".`,
    );
  }
  if (entry.inside!.has(text)) {
    throw refuse(at, `Key "${text}" stands twice in one mapping`, "Keep one of them.");
  }
  if (text in Object.prototype || RESERVED.has(text)) {
    throw refuse(
      at,
      `"${text}" can't be a key`,
      "JavaScript gives that name a meaning of its own: choose another.",
    );
  }
  return text;
}
