import { type BaseIssue, type GenericSchema, type InferOutput, safeParse } from "valibot";
import { suggestName } from "../nearest.ts";
import type { Reporter } from "./reporter.ts";

type Path = (string | number)[];

/** Parses by a schema: the value, or undefined where its shape is wrong, and all that is wrong goes to `report`. */
export function shapeOf<Schema extends GenericSchema>(
  schema: Schema,
  value: unknown,
  report: Reporter,
  what = "the definitions",
): InferOutput<Schema> | undefined {
  const result = safeParse(schema, value);
  if (result.success) return result.output;
  for (const issue of result.issues) tell(issue, [], schema, what, report);
  return undefined;
}

function tell(
  issue: BaseIssue<unknown>,
  base: Path,
  schema: GenericSchema,
  what: string,
  report: Reporter,
): void {
  const path = [...base, ...(issue.path ?? []).map((step) => step.key as string | number)];
  const inner = issue.issues?.filter((one) => one.path !== undefined || one.kind === "validation") ?? [];
  if (inner.length > 0) {
    for (const one of inner) tell(one, path, schema, what, report);
    return;
  }
  const last = path.at(-1);
  const outer = path.slice(0, -1);
  const where = outer.length === 0 ? what : `"${outer.join(".")}" of ${what}`;
  if (issue.type === "strict_object" && issue.path !== undefined) {
    const keys = keysAt(schema, outer);
    if (issue.expected === "never") {
      report.key(path, `Unknown key "${last}" in ${where}`, suggestName(String(last), keys));
    } else {
      report.key(outer, `Key "${last}" is missing in ${where}`, "Add it.");
    }
    return;
  }
  const named = last === undefined ? capital(what) : `"${path.join(".")}" of ${what}`;
  if (issue.kind === "validation" || issue.type === "check") {
    report.at(path, `${named} ${issue.message}`);
  } else if (issue.type === "picklist" && typeof issue.input === "string") {
    const options = schemaAt(schema, path).flatMap(({ options }) => options ?? []);
    const names = options.filter((one) => typeof one === "string");
    report.at(path, `${named} can't be "${issue.input}"`, suggestName(issue.input, names));
  } else {
    report.at(
      path,
      `${named} must be ${wanted(schemaAt(schema, path))}, and is ${shown(issue.input)}`,
      hintFor(issue.input),
    );
  }
}

const WORDS: Record<string, string> = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  strict_object: "a block of keys",
  loose_object: "a block of keys",
  record: "a block of names",
  function: "a function",
  picklist: "one of its names",
};

function wanted(schemas: readonly Schema[]): string {
  return [...new Set(schemas.map(({ type }) => WORDS[type] ?? type))].join(" or ");
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object"
    ? "a block of keys"
    : typeof value === "function"
    ? "a function"
    : `${value}`;
}

/** YAML reads `1.0`, `true` and the like as other things than text. */
function hintFor(value: unknown): string | undefined {
  return typeof value === "number" || typeof value === "boolean"
    ? `Put "${value}" in quotes if text is meant.`
    : undefined;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The parts of a valibot schema that lead to the schemas below it. */
interface Schema {
  type: string;
  wrapped?: Schema;
  entries?: Record<string, Schema>;
  value?: Schema;
  item?: Schema;
  options?: readonly unknown[];
}

/** The schemas that a value at a path can have: several below a union. */
function schemaAt(schema: unknown, path: Path): Schema[] {
  const one = schema as Schema;
  if (one.wrapped !== undefined) return schemaAt(one.wrapped, path);
  if (one.type === "union") return (one.options ?? []).flatMap((option) => schemaAt(option, path));
  const [step, ...rest] = path;
  if (step === undefined) return [one];
  const next = one.entries?.[step] ?? one.value ?? one.item;
  return next === undefined ? [] : schemaAt(next, rest);
}

function keysAt(schema: unknown, path: Path): string[] {
  return schemaAt(schema, path).flatMap(({ entries }) => Object.keys(entries ?? {}));
}
