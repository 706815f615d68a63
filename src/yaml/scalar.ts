import {
  boolCoreTag,
  floatCoreTag,
  getScalarValue,
  intCoreTag,
  NOT_RESOLVED,
  nullCoreTag,
  SCALAR_STYLE,
  type ScalarEvent,
} from "js-yaml";
import type { Refuse } from "./located.ts";

/** YAML 1.2's core schema, in the order in which an untagged plain scalar is tried; what is none of them is text. */
const CORE = { null: nullCoreTag, bool: boolCoreTag, int: intCoreTag, float: floatCoreTag } as const;

/** Reads a scalar as YAML 1.2's core schema does; in quotes, and in blocks, everything is text. */
export function readScalar(source: string, event: ScalarEvent, at: number, refuse: Refuse): unknown {
  const text = getScalarValue(source, event);
  const tag = tagOf(source, event);
  if (tag === "!" || tag === "str") return text;
  if (tag !== undefined) {
    if (!isCore(tag)) throw unknownTag(source, event, refuse);
    const value = CORE[tag].resolve(text, true, `tag:yaml.org,2002:${tag}`);
    if (value === NOT_RESOLVED) {
      throw refuse(
        at,
        `"${text}" is no value of the tag "!!${tag}"`,
        "Remove the tag, or correct the value.",
      );
    }
    return value;
  }
  if (event.style !== SCALAR_STYLE.PLAIN) return text;
  for (const [name, { resolve }] of Object.entries(CORE)) {
    const value = resolve(text, false, `tag:yaml.org,2002:${name}`);
    if (value !== NOT_RESOLVED) return value;
  }
  return text;
}

/** Refuses a collection's tag, unless it is the one that the collection has anyway. */
export function checkTag(source: string, event: Tagged, own: "seq" | "map", refuse: Refuse): void {
  const tag = tagOf(source, event);
  if (tag !== undefined && tag !== "!" && tag !== own) throw unknownTag(source, event, refuse);
}

interface Tagged {
  tagStart: number;
  tagEnd: number;
}

/** The tag, without what stands before every tag of YAML's own. */
function tagOf(source: string, event: Tagged): string | undefined {
  if (event.tagStart < 0) return undefined;
  const written = source.slice(event.tagStart, event.tagEnd);
  return written === "!" ? "!" : written.startsWith("!!") ? written.slice(2) : written;
}

function isCore(tag: string): tag is keyof typeof CORE {
  return Object.hasOwn(CORE, tag);
}

function unknownTag(source: string, event: Tagged, refuse: Refuse) {
  const tag = source.slice(event.tagStart, event.tagEnd);
  return refuse(
    event.tagStart,
    `Tag "${tag}" is not known here`,
    "Remove it: known are !!str, !!int, !!float, !!bool, !!null, !!seq and !!map.",
  );
}
