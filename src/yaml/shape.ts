import { type BaseIssue, type GenericSchema, type InferOutput, safeParse } from "valibot";
import { MlforgeError, throwAll } from "../error.ts";
import { suggestName } from "../nearest.ts";
import type { Path, PlaceOf } from "./located.ts";
import { namesOf, schemasAt, valueAt, type Walkable } from "./walk.ts";

/** Takes what is wrong: with a value, or with a key. Paths are those of the value that was checked. */
export interface ShapeReport {
  at(path: Path, message: string, hint?: string): void;
  key(path: Path, message: string, hint?: string): void;
}

/** Special words about a key that a schema does not know; undefined for the usual ones. */
export type UnknownKey = (key: string) => { message: string; hint: string } | undefined;

export interface ShapeOptions {
  /** What the value is, for messages: `profile "dev"`. */
  what: string;
  unknownKey?: UnknownKey;
}

/**
 * Parses a value by a valibot schema: the output, or undefined where its shape is wrong, and then all that is wrong goes
 * to `report`. Unknown keys and names come with the nearest right one. Messages of the schema's own checks are verb
 * phrases ("must not be empty"), which follow after the name of what they are about.
 *
 * ```ts
 * import * as v from "valibot";
 * const shape = v.strictObject({ path: v.string() });
 * shapeOf(shape, { pth: "x" }, report, { what: "the store" }); // Unknown key "pth" in the store. Did you mean "path"?
 * ```
 */
export function shapeOf<Schema extends GenericSchema>(
  schema: Schema,
  value: unknown,
  report: ShapeReport,
  options: ShapeOptions,
): InferOutput<Schema> | undefined {
  const telling: Telling = { ...options, schema, value, report };
  const lists = [...misplacedLists(schema, value, value, [])];
  for (const path of lists) tellWrongType(path, telling);
  const result = safeParse(schema, value);
  if (result.success && lists.length === 0) return result.output;
  for (const issue of result.issues ?? []) {
    const inList = lists.some((list) => list.every((step, i) => issue.path?.[i]?.key === step));
    if (!inList) tell(issue, [], telling);
  }
  return undefined;
}

/** The output of a schema on what stands at `path` of a file; all errors are thrown at once, each with its place. */
export function validate<Schema extends GenericSchema>(
  schema: Schema,
  value: unknown,
  placeOf: PlaceOf,
  options: ShapeOptions,
): InferOutput<Schema> {
  const errors: MlforgeError[] = [];
  const output = shapeOf(schema, value, collect(errors, placeOf), options);
  throwAll(errors);
  return output as InferOutput<Schema>;
}

/** Makes errors with places of what is reported about the part at `base`. */
export function collect(errors: MlforgeError[], placeOf: PlaceOf, base: Path = []): ShapeReport {
  const add = (part: "key" | "value") => (path: Path, message: string, hint?: string) => {
    errors.push(new MlforgeError("usage", message, { hint, place: placeOf([...base, ...path], part) }));
  };
  return { at: add("value"), key: add("key") };
}

interface Telling extends ShapeOptions {
  schema: GenericSchema;
  value: unknown;
  report: ShapeReport;
}

function tell(issue: BaseIssue<unknown>, base: Path, telling: Telling): void {
  const { schema, value, what, report } = telling;
  const path = [...base, ...(issue.path ?? []).map(({ key }) => key as string | number)];
  // Of a union's ways, those count that fail inside, or in a check: their type is the right one.
  const inside = issue.issues?.filter((one) => one.path !== undefined || one.kind === "validation") ?? [];
  if (inside.length > 0) return inside.forEach((one) => tell(one, path, telling));
  if (issue.type === "strict_object" && issue.expected === "never") {
    return tellUnknown(path.slice(0, -1), telling);
  }
  const name = capital(named(path, what));
  if (issue.kind === "validation") return report.at(path, `${name} ${issue.message}`);
  const schemas = schemasAt(schema, value, path);
  const names = schemas.flatMap(namesOf);
  const outer = path.slice(0, -1);
  if (issue.input === undefined && path.length > 0) {
    const hint = names.length === 0 ? "Add it." : `Add it: ${names.join(", ")}.`;
    return report.key(outer, `Key "${path.at(-1)}" is missing in ${named(outer, what)}`, hint);
  }
  if (typeof issue.input === "string" && names.length > 0) {
    return report.at(path, `${name} can't be "${issue.input}"`, suggestName(issue.input, names));
  }
  tellWrongType(path, telling);
}

function tellWrongType(path: Path, { schema, value, what, report }: Telling): void {
  const schemas = schemasAt(schema, value, path);
  const is = valueAt(value, path);
  const name = capital(named(path, what));
  report.at(path, `${name} must be ${wanted(schemas)}, and is ${shown(is)}`, hintFor(is, schemas));
}

/** Lists where mappings belong: valibot takes them, with their indexes as keys. */
function* misplacedLists(schema: GenericSchema, root: unknown, value: unknown, path: Path): Generator<Path> {
  if (typeof value !== "object" || value === null) return;
  const list = Array.isArray(value);
  const schemas = schemasAt(schema, root, path);
  if (list && schemas.length > 0 && schemas.every(({ type }) => WORDS[type] === WORDS["record"])) {
    yield path;
    return;
  }
  // Beyond what the schema knows nothing is looked at, however much is there.
  if (schemas.every(({ type }) => type === "unknown")) return;
  for (const [key, one] of Object.entries(value)) {
    yield* misplacedLists(schema, root, one, [...path, list ? Number(key) : key]);
  }
}

/** valibot stops at a mapping's first unknown key: this tells them all. */
function tellUnknown(path: Path, { schema, value, what, report, unknownKey }: Telling): void {
  const known = schemasAt(schema, value, path).flatMap(({ entries }) => Object.keys(entries ?? {}));
  for (const key of Object.keys(valueAt(value, path) as object)) {
    if (known.includes(key)) continue;
    const special = unknownKey?.(key);
    const message = special?.message ?? `Unknown key "${key}" in ${named(path, what)}`;
    report.key([...path, key], message, special?.hint ?? suggestName(key, known));
  }
}

function named(path: Path, what: string): string {
  return path.length === 0 ? what : `"${path.join(".")}" of ${what}`;
}

/** Begins a sentence; a file's name stays as it is. */
function capital(text: string): string {
  return text.replace(/^[a-z](?=[a-z]* )/, (letter) => letter.toUpperCase());
}

const WORDS: Record<string, string> = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  record: "a mapping",
  strict_object: "a mapping",
  loose_object: "a mapping",
  function: "a function",
};

function wanted(schemas: readonly Walkable[]): string {
  const words = schemas.map((one) => WORDS[one.type] ?? namesOf(one).map((name) => `"${name}"`).join(" or "));
  return [...new Set(words)].join(" or ");
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "a list";
  return WORDS[typeof value] ?? "a mapping";
}

/** What YAML reads as another thing than was meant: `1.0` and `true` without quotes, a key with nothing after it. */
function hintFor(value: unknown, schemas: readonly Walkable[]): string {
  const scalar = typeof value === "number" || typeof value === "boolean";
  if (scalar && schemas.some(({ type }) => type === "string")) {
    return "Put it in quotes: without them it is read as no text.";
  }
  return value === null ? "Write a value, or remove the key." : "Write it so.";
}
